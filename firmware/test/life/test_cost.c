/* What a camera costs: bytes on the wire, RAM, flash. The budgets are the project's. */
#include "fake_world.h"
#include "testing.h"

#define SECOND_MS 1000u
#define DAY_MS 86400000u
#define WIRE_BUDGET_BYTES 1000u
#define RAM_BUDGET_BYTES 24576u
#define HEADERS_BYTES 40u /* IPv4 and TCP without options, as lwIP sends them */
#define SEGMENTS 3u       /* request; answer, which acknowledges it; acknowledgement */

static struct fake_world s_world;

/* After twelve days, so that all numbers are long; all fields that can be there are. */
static void test_a_heartbeat_on_the_wire(void **state)
{
    static char s_answer[4096];
    size_t answer = testing_load("http/answers/200.http", s_answer, sizeof s_answer);
    size_t request;

    (void)state;
    fake_world_init(&s_world, 1);
    s_world.config.poll_wait_s = 0;
    s_world.config.reset_reason = "brownout";
    s_world.hub.generation = 12;
    fake_world_boot(&s_world);
    assert_true(fake_world_run(&s_world, 12 * (uint64_t)DAY_MS));
    request = s_world.hub.heartbeat_request_bytes;
    print_message(
        "a heartbeat: request %zu, answer %zu, %u segments' headers %u: %zu bytes of %u; %zu with TCP "
        "timestamps\n",
        request, answer, SEGMENTS, SEGMENTS * HEADERS_BYTES, request + answer + SEGMENTS * HEADERS_BYTES,
        WIRE_BUDGET_BYTES, request + answer + SEGMENTS * (HEADERS_BYTES + 12));
    assert_int_equal(s_world.hub.connects, 1); /* kept alive all the time */
    assert_true(request > 400);                /* the token is as long as the hub's */
    assert_true(request + answer + SEGMENTS * (HEADERS_BYTES + 12) <= WIRE_BUDGET_BYTES);
}

static void test_the_client_in_ram(void **state)
{
    (void)state;
    print_message("struct cam_camera: %zu bytes of %u\n", sizeof(struct cam_camera), RAM_BUDGET_BYTES);
    assert_true(sizeof(struct cam_camera) <= RAM_BUDGET_BYTES);
}

static unsigned most_erases(void)
{
    unsigned most = 0;

    for (size_t i = 0; i < COUNT_OF(s_world.flash.erases); i++) {
        most = s_world.flash.erases[i] > most ? s_world.flash.erases[i] : most;
    }
    return most;
}

/* NOR flash stands 100,000 erases: ten years of this are far below. */
static void test_flash_wears_slowly(void **state)
{
    (void)state;
    fake_world_init(&s_world, 2);
    s_world.config.poll_wait_s = 0;
    fake_world_boot(&s_world);
    for (unsigned i = 0; i < 1440; i++) { /* motion each minute of a day, */
        assert_true(fake_world_move(&s_world, 50));
        assert_true(fake_world_run(&s_world, 60 * SECOND_MS));
    }
    print_message("a day with motion each minute: %u erases of the sector that is erased most\n",
                  most_erases());
    assert_true(most_erases() <= 5);
    s_world.hub.mode = FAKE_HUB_REFUSES; /* and a hub that is away for a month */
    fake_hub_drop_connections(&s_world.hub);
    assert_true(fake_world_run(&s_world, 30 * (uint64_t)DAY_MS));
    print_message("and a month without a hub: %u\n", most_erases());
    assert_true(most_erases() <= 6);
}

RUN(TEST(test_a_heartbeat_on_the_wire), TEST(test_the_client_in_ram), TEST(test_flash_wears_slowly))
