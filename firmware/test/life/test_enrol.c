/* Who a camera is, and how it gets in: keys, people, tokens, addresses. */
#include "fake_world.h"
#include "testing.h"

#define SECOND_MS 1000u
#define MINUTE_MS 60000u
#define DAY_MS 86400000u

static struct fake_world s_world;

static int setup(void **state)
{
    (void)state;
    fake_world_init(&s_world, 3);
    return 0;
}

static void boot_and_run(uint64_t ms)
{
    fake_world_boot(&s_world);
    assert_true(fake_world_run(&s_world, ms));
}

static void test_the_key_admits_at_once(void **state)
{
    (void)state;
    s_world.hub.enrolment = FAKE_HUB_KEY;
    s_world.config.enrolment_key = "lab-enrolment-key";
    boot_and_run(3 * SECOND_MS);
    assert_int_equal(s_world.hub.registers, 1);
    assert_int_equal(s_world.hub.heartbeats, 1);
}

static void test_a_wrong_key_is_tried_ever_more_rarely(void **state)
{
    (void)state;
    s_world.hub.enrolment = FAKE_HUB_KEY;
    s_world.config.enrolment_key = "guess";
    boot_and_run(60 * MINUTE_MS);
    assert_in_range(s_world.hub.registers, 10, 60);
    assert_int_equal(s_world.hub.heartbeats, 0);
    s_world.hub.key = "guess";
    assert_true(fake_world_run(&s_world, 6 * MINUTE_MS));
    assert_int_equal(s_world.hub.tokens, 1);
}

static void test_a_camera_that_waits_for_a_person_asks_as_often_as_it_is_told(void **state)
{
    static const struct {
        unsigned pending_s;
        unsigned most; /* each wait is drawn from [s, 1.25 s] */
        unsigned least;
    } s_cases[] = {{10, 361, 289}, {0, 121, 96}, {100000, 13, 10}}; /* not said: 30 s; at most 300 s */

    (void)state;
    for (size_t i = 0; i < COUNT_OF(s_cases); i++) {
        fake_world_init(&s_world, 3);
        s_world.hub.enrolment = FAKE_HUB_APPROVE;
        s_world.hub.pending_s = s_cases[i].pending_s;
        boot_and_run(60 * MINUTE_MS);
        assert_in_range(s_world.hub.registers, s_cases[i].least, s_cases[i].most);
    }
}

static void test_brownouts_are_counted_over_restarts(void **state)
{
    (void)state;
    s_world.config.reset_reason = "brownout";
    for (unsigned i = 1; i <= 3; i++) {
        boot_and_run(5 * SECOND_MS);
        assert_int_equal(s_world.camera.settings.brownouts, i);
    }
    s_world.config.reset_reason = "power_on";
    boot_and_run(5 * SECOND_MS);
    assert_int_equal(s_world.camera.settings.brownouts, 3);
}

static void test_token_and_secret_are_kept_over_restarts(void **state)
{
    (void)state;
    boot_and_run(2 * MINUTE_MS);
    for (unsigned i = 0; i < 20; i++) {
        unsigned heartbeats = s_world.hub.heartbeats;

        boot_and_run(10 * SECOND_MS);
        assert_true(s_world.hub.heartbeats > heartbeats);
    }
    assert_int_equal(s_world.hub.registers, 1);
    assert_int_equal(s_world.hub.unauthorised, 0);
    assert_int_equal(s_world.hub.secrets, 1);
}

static void test_revoked_and_approved_again(void **state)
{
    unsigned heartbeats;
    unsigned registers;

    (void)state;
    boot_and_run(2 * MINUTE_MS);
    s_world.hub.is_revoked = true;
    registers = s_world.hub.registers;
    heartbeats = s_world.hub.heartbeats;
    assert_true(fake_world_move(&s_world, 30));
    assert_true(fake_world_run(&s_world, 10 * MINUTE_MS));
    assert_int_equal(s_world.hub.heartbeats, heartbeats);
    assert_in_range(s_world.hub.unauthorised, 1, 2);
    assert_in_range(s_world.hub.registers - registers, 14, 21); /* each 30 s and a quarter */
    boot_and_run(5 * SECOND_MS);                                /* and a restart changes nothing */
    assert_int_equal(s_world.hub.heartbeats, heartbeats);
    s_world.hub.is_revoked = false;
    assert_true(fake_world_run(&s_world, MINUTE_MS));
    assert_int_equal(s_world.hub.tokens, 2);
    assert_true(s_world.hub.heartbeats > heartbeats);
    assert_int_equal(fake_world_count_kept(&s_world), 1);
    assert_int_equal(s_world.hub.secrets, 1);
}

static void test_a_late_refusal_of_the_old_token_leaves_the_new_one(void **state)
{
    struct fake_hub_command *command;

    (void)state;
    boot_and_run(10 * SECOND_MS);
    s_world.hub.late_path = "/api/devices/24";
    s_world.hub.late_ms = 4 * SECOND_MS;
    s_world.hub.is_revoked = true;
    command = fake_hub_command(&s_world.hub, "identify", "{}");
    assert_true(fake_world_run(&s_world, 100));
    assert_int_equal(s_world.hub.unauthorised, 1); /* of the result; it is on its way */
    assert_true(fake_world_move(&s_world, 30));
    assert_true(fake_world_run(&s_world, 100));
    assert_int_equal(s_world.hub.unauthorised, 2);
    s_world.hub.is_revoked = false;
    assert_true(fake_world_run(&s_world, 3 * SECOND_MS));
    assert_int_equal(s_world.hub.tokens, 2);
    assert_true(fake_world_run(&s_world, 5 * MINUTE_MS));
    assert_int_equal(s_world.hub.tokens, 2);
    assert_int_equal(s_world.hub.unauthorised, 2);
    assert_int_equal(command->state, FAKE_HUB_SUCCEEDED);
    assert_int_equal(s_world.identifies, 1);
}

static void test_a_token_is_renewed_before_it_ends(void **state)
{
    unsigned refused;

    (void)state;
    s_world.hub.token_life_ms = 30 * (uint64_t)DAY_MS;
    s_world.config.poll_wait_s = 0; /* 40 days of polls would be 140,000 requests */
    boot_and_run(27 * (uint64_t)DAY_MS);
    assert_int_equal(s_world.hub.tokens, 1);
    assert_true(fake_world_run(&s_world, 3 * (uint64_t)DAY_MS));
    assert_int_equal(s_world.hub.tokens, 2);
    refused = s_world.hub.unauthorised;
    assert_int_equal(refused, 0);
    assert_true(fake_world_run(&s_world, 10 * (uint64_t)DAY_MS));
    assert_int_equal(s_world.hub.tokens, 2);
}

static void test_no_id_no_request(void **state)
{
    (void)state;
    s_world.config.device_id = NULL;
    boot_and_run(10 * MINUTE_MS);
    assert_int_equal(s_world.connect_count, 0);
    assert_true(s_world.turns < 40);
}

static void test_without_random_numbers_there_is_no_secret(void **state)
{
    (void)state;
    s_world.random_is_broken = true;
    boot_and_run(5 * MINUTE_MS);
    assert_false(fake_world_move(&s_world, 9) && s_world.event_count > 0);
    assert_int_equal(s_world.connect_count, 0);
    s_world.random_is_broken = false;
    assert_true(fake_world_run(&s_world, 2 * MINUTE_MS));
    assert_int_equal(s_world.hub.tokens, 1);
}

static void test_unreadable_flash_makes_no_new_identity(void **state)
{
    (void)state;
    boot_and_run(MINUTE_MS);
    s_world.flash.fail_reads = true;
    boot_and_run(5 * MINUTE_MS);
    assert_int_equal(s_world.hub.registers, 1);
    s_world.flash.fail_reads = false;
    assert_true(fake_world_run(&s_world, 2 * MINUTE_MS));
    assert_int_equal(s_world.hub.registers, 1);
    assert_int_equal(s_world.hub.secrets, 1);
    assert_true(s_world.hub.now_ms - s_world.hub.heartbeat_at_ms <= 61 * SECOND_MS);
}

static void test_a_secret_that_cannot_be_kept_is_not_used(void **state)
{
    (void)state;
    s_world.flash.fail_writes = true;
    boot_and_run(5 * MINUTE_MS);
    assert_int_equal(s_world.hub.registers, 0);
    s_world.flash.fail_writes = false;
    assert_true(fake_world_run(&s_world, 2 * MINUTE_MS));
    assert_int_equal(s_world.hub.secrets, 1);
    assert_int_equal(s_world.hub.tokens, 1);
}

static void test_the_hub_is_discovered_and_remembered(void **state)
{
    unsigned queries;

    (void)state;
    s_world.config.hub_host = NULL;
    s_world.answer_names = "h";
    boot_and_run(2 * MINUTE_MS);
    assert_int_equal(s_world.hub.tokens, 1);
    queries = s_world.queries;
    assert_in_range(queries, 1, 2);
    boot_and_run(2 * MINUTE_MS);
    assert_int_equal(s_world.queries, queries);
    assert_int_equal(s_world.hub.registers, 1);
}

static void test_a_hub_that_moved_is_found_again(void **state)
{
    (void)state;
    s_world.config.hub_host = "192.168.1.99"; /* nobody there */
    s_world.answer_names = "h";
    boot_and_run(2 * MINUTE_MS);
    assert_int_equal(s_world.hub.tokens, 1);
    assert_string_equal(s_world.camera.settings.found_host, "192.168.1.10");
    assert_string_equal(s_world.camera.settings.hub_host, "192.168.1.99");
}

/* While the camera's own hub is away for a while, it finds another, which lets nobody in. */
static void test_a_hub_that_does_not_admit_is_left(void **state)
{
    static const enum fake_hub_enrolment s_modes[] = {FAKE_HUB_KEY, FAKE_HUB_APPROVE};

    for (size_t i = 0; i < sizeof s_modes / sizeof s_modes[0]; i++) {
        unsigned vain_connects;

        assert_int_equal(setup(state), 0);
        s_world.config.hub_host = "192.168.1.99"; /* nobody there now */
        s_world.answer_names = "h";
        s_world.hub.enrolment = s_modes[i];
        s_world.hub.key = "another key";
        boot_and_run(10 * MINUTE_MS);
        assert_in_range(s_world.hub.registers, 5, 40);
        vain_connects = s_world.vain_connects;
        assert_true(fake_world_run(&s_world, 5 * MINUTE_MS));
        assert_in_range(s_world.vain_connects - vain_connects, 4, 40); /* and so it will find it again */
        assert_int_equal(s_world.hub.tokens, 0);
    }
}

static void test_a_stranger_at_the_address_is_left(void **state)
{
    (void)state;
    s_world.answer_names = "h";
    s_world.hub.mode = FAKE_HUB_PORTAL;
    boot_and_run(5 * MINUTE_MS);
    assert_true(s_world.queries > 0);
    assert_int_equal(s_world.hub.tokens, 0);
    s_world.hub.mode = FAKE_HUB_WELL;
    assert_true(fake_world_run(&s_world, 6 * MINUTE_MS));
    assert_int_equal(s_world.hub.tokens, 1);
}

static void test_nobody_answers_and_nothing_spins(void **state)
{
    (void)state;
    s_world.config.hub_host = NULL;
    boot_and_run(60 * MINUTE_MS);
    assert_int_equal(s_world.connect_count, 0);
    assert_in_range(s_world.queries, 100, 1600);
    s_world.answer_names = "h";
    assert_true(fake_world_run(&s_world, 2 * MINUTE_MS));
    assert_int_equal(s_world.hub.tokens, 1);
}

RUN(cmocka_unit_test_setup(test_the_key_admits_at_once, setup),
    cmocka_unit_test_setup(test_a_wrong_key_is_tried_ever_more_rarely, setup),
    cmocka_unit_test_setup(test_a_camera_that_waits_for_a_person_asks_as_often_as_it_is_told, setup),
    cmocka_unit_test_setup(test_brownouts_are_counted_over_restarts, setup),
    cmocka_unit_test_setup(test_token_and_secret_are_kept_over_restarts, setup),
    cmocka_unit_test_setup(test_revoked_and_approved_again, setup),
    cmocka_unit_test_setup(test_a_late_refusal_of_the_old_token_leaves_the_new_one, setup),
    cmocka_unit_test_setup(test_a_token_is_renewed_before_it_ends, setup),
    cmocka_unit_test_setup(test_no_id_no_request, setup),
    cmocka_unit_test_setup(test_without_random_numbers_there_is_no_secret, setup),
    cmocka_unit_test_setup(test_unreadable_flash_makes_no_new_identity, setup),
    cmocka_unit_test_setup(test_a_secret_that_cannot_be_kept_is_not_used, setup),
    cmocka_unit_test_setup(test_the_hub_is_discovered_and_remembered, setup),
    cmocka_unit_test_setup(test_a_hub_that_moved_is_found_again, setup),
    cmocka_unit_test_setup(test_a_hub_that_does_not_admit_is_left, setup),
    cmocka_unit_test_setup(test_a_stranger_at_the_address_is_left, setup),
    cmocka_unit_test_setup(test_nobody_answers_and_nothing_spins, setup))
