#include "cam/mdns.h"

#include "datagram.h"
#include "testing.h"

#define SERVICE "_nestbox._tcp.local"
#define INSTANCE "Nestbox on pi._nestbox._tcp.local"

static struct datagram s_datagram;
static struct cam_mdns_answer s_answer;

static bool read_service(void)
{
    memset(&s_answer, 0xA5, sizeof s_answer);
    return cam_mdns_read(s_datagram.data, s_datagram.len_bytes, SERVICE, CAM_MDNS_PTR, &s_answer);
}

static bool read_host(const char *host)
{
    memset(&s_answer, 0xA5, sizeof s_answer);
    return cam_mdns_read(s_datagram.data, s_datagram.len_bytes, host, CAM_MDNS_A, &s_answer);
}

static void expect_service(const char *target, uint16_t port)
{
    assert_true(s_answer.has_service);
    assert_string_equal(s_answer.target, target);
    assert_int_equal(s_answer.port, port);
}

static void expect_address(uint8_t a, uint8_t b, uint8_t c, uint8_t d)
{
    const uint8_t address[4] = {a, b, c, d};

    assert_true(s_answer.has_address);
    assert_memory_equal(s_answer.address, address, 4);
}

static void test_query_byte_for_byte(void **state)
{
    static const uint8_t s_wanted[] = {0,   0,   0,   0,   0,   1,   0,   0,   0,  0,    0,   0,   8,
                                       '_', 'n', 'e', 's', 't', 'b', 'o', 'x', 4,  '_',  't', 'c', 'p',
                                       5,   'l', 'o', 'c', 'a', 'l', 0,   0,   12, 0x80, 1};
    uint8_t data[64];

    (void)state;
    assert_int_equal(cam_mdns_write_query(data, sizeof data, SERVICE, CAM_MDNS_PTR), sizeof s_wanted);
    assert_memory_equal(data, s_wanted, sizeof s_wanted);
    assert_int_equal(cam_mdns_write_query(data, sizeof s_wanted, SERVICE, CAM_MDNS_PTR), sizeof s_wanted);
    assert_int_equal(cam_mdns_write_query(data, sizeof s_wanted - 1, SERVICE, CAM_MDNS_PTR), 0);
}

static void test_query_for_a_name_that_is_too_long(void **state)
{
    char name[CAM_MDNS_NAME_BYTES + 1];
    uint8_t data[256];

    (void)state;
    memset(name, 'n', sizeof name);
    name[CAM_MDNS_NAME_BYTES] = '\0';
    assert_int_equal(cam_mdns_write_query(data, sizeof data, name, CAM_MDNS_A), 0);
    assert_int_equal(cam_mdns_write_query(data, sizeof data, name + 1, CAM_MDNS_A), 12 + 63 + 2 + 4);
}

/* As the hub answers: the pointer, then service and address as additional records, with compression. */
static void test_answer_of_a_hub(void **state)
{
    size_t service_at;

    (void)state;
    datagram_init(&s_datagram, 0, 1, 0, 3);
    service_at = s_datagram.len_bytes;
    datagram_add_pointer(&s_datagram, SERVICE, INSTANCE);
    datagram_add_text(&s_datagram, INSTANCE);
    datagram_add_service(&s_datagram, INSTANCE, "pi.local", 5000);
    datagram_add_address(&s_datagram, "pi.local", 192, 168, 1, 10);
    assert_true(read_service());
    expect_service("pi.local", 5000);
    expect_address(192, 168, 1, 10);

    /* The instance's name once more, its end as a pointer to the first record's name. */
    datagram_init(&s_datagram, 0, 2, 0, 0);
    datagram_add_pointer(&s_datagram, SERVICE, INSTANCE);
    datagram_add_label(&s_datagram, "x");
    datagram_add_jump(&s_datagram, service_at);
    datagram_add_service_data(&s_datagram, "pi.local", 80);
    assert_true(read_service());
    expect_service("pi.local", 80);
    assert_false(s_answer.has_address);
}

static void test_names_are_compared_without_case(void **state)
{
    (void)state;
    datagram_init(&s_datagram, 0, 2, 0, 0);
    datagram_add_service(&s_datagram, "Hub._NESTBOX._tcp.LOCAL", "PI.local", 5000);
    datagram_add_address(&s_datagram, "pi.LOCAL", 10, 0, 0, 1);
    assert_true(read_service());
    expect_service("PI.local", 5000);
    expect_address(10, 0, 0, 1);
    assert_true(read_host("Pi.Local"));
    expect_address(10, 0, 0, 1);
    assert_false(s_answer.has_service);
}

static void test_address_may_stand_before_its_service(void **state)
{
    (void)state;
    datagram_init(&s_datagram, 0, 0, 1, 2);
    datagram_add_address(&s_datagram, "pi.local", 192, 168, 1, 10);
    datagram_add_address(&s_datagram, "other.local", 192, 168, 1, 66);
    datagram_add_service(&s_datagram, INSTANCE, "pi.local", 5000);
    assert_true(read_service());
    expect_service("pi.local", 5000);
    expect_address(192, 168, 1, 10);
}

static void test_question_is_skipped(void **state)
{
    (void)state;
    datagram_init(&s_datagram, 2, 1, 0, 0);
    datagram_add_question(&s_datagram, SERVICE);
    datagram_add_question(&s_datagram, "esp32cam.local");
    datagram_add_address(&s_datagram, "esp32cam.local", 10, 1, 2, 3);
    assert_true(read_host("esp32cam.local"));
    expect_address(10, 1, 2, 3);
    /* As a query it is no answer, whatever it holds. */
    s_datagram.data[2] = 0;
    assert_false(read_host("esp32cam.local"));
}

static void test_first_service_that_can_be_used_counts(void **state)
{
    (void)state;
    datagram_init(&s_datagram, 0, 5, 0, 0);
    datagram_add_service(&s_datagram, "Printer._ipp._tcp.local", "printer.local", 631);
    datagram_add_service(&s_datagram, INSTANCE, "no port.local", 5000);
    datagram_add_service(&s_datagram, INSTANCE, "pi.local", 0);
    datagram_add_service(&s_datagram, INSTANCE, "pi.local", 5000);
    datagram_add_service(&s_datagram, INSTANCE, "other.local", 5001);
    assert_true(read_service());
    expect_service("pi.local", 5000);
}

static void test_what_is_not_for_us(void **state)
{
    (void)state;
    datagram_init(&s_datagram, 0, 4, 0, 0);
    datagram_add_pointer(&s_datagram, SERVICE, INSTANCE);
    datagram_add_service(&s_datagram, SERVICE, "pi.local", 5000);                /* no instance */
    datagram_add_service(&s_datagram, "x_nestbox._tcp.local", "pi.local", 5000); /* another service */
    datagram_add_address(&s_datagram, "pi.local", 10, 0, 0, 1);
    assert_false(read_service());
    assert_false(read_host("esp32cam.local"));
    datagram_init(&s_datagram, 0, 0, 0, 0);
    assert_false(read_service());
    /* An address of 3 bytes, and a service record that is cut short. */
    datagram_init(&s_datagram, 0, 2, 0, 0);
    datagram_add_name(&s_datagram, "esp32cam.local");
    datagram_add_bytes(&s_datagram, "\0\1\0\1\0\0\0\x78\0\3\1\2\3", 13);
    datagram_add_name(&s_datagram, INSTANCE);
    datagram_add_bytes(&s_datagram, "\0\x21\0\1\0\0\0\x78\0\6\0\0\0\0\x13\x88", 16);
    assert_false(read_host("esp32cam.local"));
    assert_false(read_service());
}

static void test_target_that_is_no_host_is_none(void **state)
{
    (void)state;
    datagram_init(&s_datagram, 0, 1, 0, 0);
    datagram_add_service(&s_datagram, INSTANCE, "evil\r\nX: 1.local", 5000);
    assert_false(read_service());
    datagram_init(&s_datagram, 0, 1, 0, 0);
    datagram_add_service(&s_datagram, INSTANCE, "", 5000);
    assert_false(read_service());
    datagram_init(&s_datagram, 0, 1, 0, 0);
    datagram_add_service(&s_datagram, INSTANCE,
                         "a-name-that-is-longer.than-the-63-characters.that-fit-into-a.setting.local", 5000);
    assert_false(read_service());
}

static void test_jumps_end(void **state)
{
    (void)state;
    /* A name that points at itself. */
    datagram_init(&s_datagram, 0, 1, 0, 0);
    datagram_add_jump(&s_datagram, 12);
    datagram_add_bytes(&s_datagram, "\0\1\0\1\0\0\0\x78\0\4\1\2\3\4", 14);
    assert_false(read_host("esp32cam.local"));
    /* One that points past the end, one whose second byte is missing. */
    datagram_init(&s_datagram, 0, 1, 0, 0);
    datagram_add_jump(&s_datagram, 5000);
    datagram_add_bytes(&s_datagram, "\0\1\0\1\0\0\0\x78\0\4\1\2\3\4", 14);
    assert_false(read_host("esp32cam.local"));
    datagram_init(&s_datagram, 0, 1, 0, 0);
    datagram_add_bytes(&s_datagram, "\xC0", 1);
    assert_false(read_host("esp32cam.local"));
    /* Labels of a type that does not exist. */
    datagram_init(&s_datagram, 0, 1, 0, 0);
    datagram_add_bytes(&s_datagram, "\x40", 1);
    datagram_add_bytes(&s_datagram, "\0\1\0\1\0\0\0\x78\0\4\1\2\3\4", 14);
    assert_false(read_host("esp32cam.local"));
}

static void test_every_cut_is_read_within_its_bytes(void **state)
{
    size_t whole_bytes;

    (void)state;
    datagram_init(&s_datagram, 1, 2, 0, 1);
    datagram_add_question(&s_datagram, SERVICE);
    datagram_add_pointer(&s_datagram, SERVICE, INSTANCE);
    datagram_add_service(&s_datagram, INSTANCE, "pi.local", 5000);
    datagram_add_address(&s_datagram, "pi.local", 192, 168, 1, 10);
    whole_bytes = s_datagram.len_bytes;
    for (s_datagram.len_bytes = 0; s_datagram.len_bytes < whole_bytes; s_datagram.len_bytes++) {
        const bool found = read_service();

        /* What was read before the cut counts. */
        assert_int_equal(found, s_answer.has_service);
        assert_false(s_answer.has_address);
    }
    assert_true(read_service());
    assert_true(s_answer.has_address);
}

RUN(TEST(test_query_byte_for_byte), TEST(test_query_for_a_name_that_is_too_long), TEST(test_answer_of_a_hub),
    TEST(test_names_are_compared_without_case), TEST(test_address_may_stand_before_its_service),
    TEST(test_question_is_skipped), TEST(test_first_service_that_can_be_used_counts),
    TEST(test_what_is_not_for_us), TEST(test_target_that_is_no_host_is_none), TEST(test_jumps_end),
    TEST(test_every_cut_is_read_within_its_bytes))
