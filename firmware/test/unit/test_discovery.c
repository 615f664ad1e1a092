#include "cam/discovery.h"

#include "cam/text.h"
#include "datagram.h"
#include "testing.h"

#define SERVICE "_nestbox._tcp.local"
#define INSTANCE "Nestbox on pi._nestbox._tcp.local"
#define NOW_MS 1000u

static struct cam_settings s_settings;
static struct cam_discovery s_discovery;
static struct datagram s_datagram;

static int setup(void **state)
{
    (void)state;
    cam_settings_init(&s_settings);
    return 0;
}

static void provision(char *host, uint16_t *port, const char *name, uint16_t number)
{
    (void)cam_text_copy(host, CAM_HOST_MAX_CHARS + 1, name);
    *port = number;
}

static void start(void)
{
    cam_discovery_init(&s_discovery, &s_settings, NOW_MS);
}

static void expect_ready(const char *host, uint16_t port, enum cam_discovery_source source)
{
    assert_true(cam_discovery_is_ready(&s_discovery));
    assert_false(cam_discovery_listens(&s_discovery));
    assert_string_equal(s_discovery.host, host);
    assert_int_equal(s_discovery.port, port);
    assert_int_equal(s_discovery.source, source);
    assert_int_equal(cam_discovery_wake_ms(&s_discovery), UINT64_MAX);
}

/* The query that is to be sent is for this name, and is sent once. */
static void expect_query(const char *name, uint8_t type)
{
    uint8_t query[CAM_DISCOVERY_QUERY_BYTES];
    struct datagram wanted;
    size_t len_bytes = cam_discovery_next_query(&s_discovery, query);

    datagram_init(&wanted, 1, 0, 0, 0);
    datagram_add_name(&wanted, name);
    assert_true(cam_discovery_listens(&s_discovery));
    assert_false(cam_discovery_is_ready(&s_discovery));
    assert_int_equal(len_bytes, wanted.len_bytes + 4);
    assert_memory_equal(query + 12, wanted.data + 12, wanted.len_bytes - 12);
    assert_int_equal(query[len_bytes - 3], type);
    assert_int_equal(cam_discovery_next_query(&s_discovery, query), 0);
}

static void receive(uint64_t now_ms)
{
    cam_discovery_receive(&s_discovery, s_datagram.data, s_datagram.len_bytes, now_ms);
}

static void test_provisioned_address_first(void **state)
{
    (void)state;
    provision(s_settings.hub_host, &s_settings.hub_port, "192.168.1.10", 8080);
    provision(s_settings.found_host, &s_settings.found_port, "192.168.1.11", 5000);
    start();
    expect_ready("192.168.1.10", 8080, CAM_DISCOVERY_PROVISIONED);
}

static void test_names_of_unicast_dns_are_left_to_the_port(void **state)
{
    (void)state;
    provision(s_settings.hub_host, &s_settings.hub_port, "hub.example.org", 80);
    start();
    expect_ready("hub.example.org", 80, CAM_DISCOVERY_PROVISIONED);
}

static void test_every_source_in_turn_and_round_again(void **state)
{
    (void)state;
    provision(s_settings.hub_host, &s_settings.hub_port, "192.168.1.10", 8080);
    provision(s_settings.found_host, &s_settings.found_port, "192.168.1.11", 5000);
    start();
    for (int round = 0; round < 2; round++) {
        expect_ready("192.168.1.10", 8080, CAM_DISCOVERY_PROVISIONED);
        cam_discovery_fail(&s_discovery, NOW_MS);
        expect_ready("192.168.1.11", 5000, CAM_DISCOVERY_FOUND);
        cam_discovery_fail(&s_discovery, NOW_MS);
        expect_query(SERVICE, 12);
        cam_discovery_fail(&s_discovery, NOW_MS);
        expect_query("esp32cam.local", 1);
        cam_discovery_fail(&s_discovery, NOW_MS);
    }
}

static void test_nothing_known_begins_with_the_service(void **state)
{
    (void)state;
    start();
    expect_query(SERVICE, 12);
    assert_int_equal(s_discovery.source, CAM_DISCOVERY_SERVICE);
}

static void test_three_queries_then_the_next_source(void **state)
{
    uint64_t at_ms = NOW_MS;

    (void)state;
    start();
    for (uint64_t wait_ms = 1000; wait_ms <= 4000; wait_ms *= 2) {
        expect_query(SERVICE, 12);
        assert_int_equal(cam_discovery_wake_ms(&s_discovery), at_ms + wait_ms);
        cam_discovery_tick(&s_discovery, at_ms + wait_ms - 1);
        assert_int_equal(cam_discovery_wake_ms(&s_discovery), at_ms + wait_ms);
        at_ms += wait_ms;
        cam_discovery_tick(&s_discovery, at_ms);
    }
    expect_query("esp32cam.local", 1);
    assert_int_equal(s_discovery.source, CAM_DISCOVERY_NAME);
    assert_int_equal(s_discovery.port, CAM_DISCOVERY_PORT);
    for (uint64_t wait_ms = 1000; wait_ms <= 4000; wait_ms *= 2) {
        at_ms += wait_ms;
        cam_discovery_tick(&s_discovery, at_ms);
    }
    expect_query(SERVICE, 12);
}

static void test_service_with_its_address(void **state)
{
    (void)state;
    start();
    datagram_init(&s_datagram, 0, 2, 0, 1);
    datagram_add_pointer(&s_datagram, SERVICE, INSTANCE);
    datagram_add_service(&s_datagram, INSTANCE, "pi.local", 8088);
    datagram_add_address(&s_datagram, "pi.local", 192, 168, 100, 255);
    receive(NOW_MS + 5);
    expect_ready("192.168.100.255", 8088, CAM_DISCOVERY_SERVICE);
    cam_discovery_tick(&s_discovery, NOW_MS + 100000);
    expect_ready("192.168.100.255", 8088, CAM_DISCOVERY_SERVICE);
}

static void test_service_without_address_asks_for_its_host(void **state)
{
    (void)state;
    start();
    datagram_init(&s_datagram, 0, 1, 0, 0);
    datagram_add_service(&s_datagram, INSTANCE, "pi.local", 8088);
    receive(NOW_MS + 500);
    expect_query("pi.local", 1);
    assert_int_equal(cam_discovery_wake_ms(&s_discovery), NOW_MS + 1500);
    datagram_init(&s_datagram, 0, 1, 0, 0);
    datagram_add_address(&s_datagram, "pi.local", 10, 0, 0, 2);
    receive(NOW_MS + 600);
    expect_ready("10.0.0.2", 8088, CAM_DISCOVERY_SERVICE);
    /* Its failure goes on to the last resort, with the port of that. */
    cam_discovery_fail(&s_discovery, NOW_MS + 700);
    expect_query("esp32cam.local", 1);
    assert_int_equal(s_discovery.port, CAM_DISCOVERY_PORT);
}

static void test_local_names_are_asked_for_by_multicast(void **state)
{
    (void)state;
    provision(s_settings.hub_host, &s_settings.hub_port, "nest.LOCAL", 81);
    start();
    expect_query("nest.LOCAL", 1);
    datagram_init(&s_datagram, 0, 1, 0, 0);
    datagram_add_address(&s_datagram, "Nest.local", 10, 0, 0, 3);
    receive(NOW_MS);
    expect_ready("10.0.0.3", 81, CAM_DISCOVERY_PROVISIONED);
}

static void test_what_is_not_for_us_changes_nothing(void **state)
{
    struct cam_discovery before;

    (void)state;
    start();
    before = s_discovery;
    datagram_init(&s_datagram, 0, 1, 0, 0);
    datagram_add_address(&s_datagram, "esp32cam.local", 10, 0, 0, 3);
    receive(NOW_MS);
    assert_memory_equal(&s_discovery, &before, sizeof before);
    s_datagram.len_bytes = 3;
    receive(NOW_MS);
    assert_memory_equal(&s_discovery, &before, sizeof before);
    /* Nor when nothing was asked for. */
    provision(s_settings.hub_host, &s_settings.hub_port, "192.168.1.10", 8080);
    start();
    datagram_init(&s_datagram, 0, 2, 0, 0);
    datagram_add_service(&s_datagram, INSTANCE, "evil.local", 1);
    datagram_add_address(&s_datagram, "evil.local", 10, 6, 6, 6);
    receive(NOW_MS);
    expect_ready("192.168.1.10", 8080, CAM_DISCOVERY_PROVISIONED);
    cam_discovery_tick(&s_discovery, NOW_MS + 100000);
    expect_ready("192.168.1.10", 8080, CAM_DISCOVERY_PROVISIONED);
}

static void test_address_without_service_is_no_answer_to_the_service(void **state)
{
    (void)state;
    start();
    datagram_init(&s_datagram, 0, 2, 0, 0);
    /* Names a host, but no port that could be used: its address is of no use. */
    datagram_add_service(&s_datagram, INSTANCE, "pi.local", 0);
    datagram_add_address(&s_datagram, "pi.local", 10, 0, 0, 1);
    receive(NOW_MS);
    expect_query(SERVICE, 12);
}

#define FRESH(function) cmocka_unit_test_setup(function, setup)

RUN(FRESH(test_provisioned_address_first), FRESH(test_names_of_unicast_dns_are_left_to_the_port),
    FRESH(test_every_source_in_turn_and_round_again), FRESH(test_nothing_known_begins_with_the_service),
    FRESH(test_three_queries_then_the_next_source), FRESH(test_service_with_its_address),
    FRESH(test_service_without_address_asks_for_its_host), FRESH(test_local_names_are_asked_for_by_multicast),
    FRESH(test_what_is_not_for_us_changes_nothing),
    FRESH(test_address_without_service_is_no_answer_to_the_service))
