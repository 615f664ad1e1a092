/* What is kept in flash: flashlog, queue, errlog, settings. The power is cut at every byte. */
#include "cam/errlog.h"
#include "cam/queue.h"
#include "cam/settings.h"
#include "fake_flash.h"
#include "testing.h"

static struct fake_flash s_flash;
static struct fake_flash s_before;
static struct cam_port s_port;
static const struct cam_area s_queue_area = {.at = 8192, .sector_bytes = 4096, .sectors = 6};
static const struct cam_area s_settings_area = {.at = 0, .sector_bytes = 4096, .sectors = 2};
static const struct cam_area s_log_area = {.at = 65536, .sector_bytes = 4096, .sectors = 2};

static int setup(void **state)
{
    (void)state;
    fake_flash_init(&s_flash);
    fake_flash_attach(&s_flash, &s_port);
    return 0;
}

static struct cam_event_record event_of(unsigned n)
{
    return (struct cam_event_record){.boot_id = {1, 2, 3, 4, 5, 6, 7, 8},
                                     .monotonic_ms = 1000u * n,
                                     .wall_ms = 1767225600000 + n,
                                     .score = (uint8_t)(n % 101),
                                     .quality = CAM_CLOCK_SYNCED,
                                     .camera_enabled = n % 2 == 0};
}

static void append_events(struct cam_queue *queue, unsigned from, unsigned count)
{
    for (unsigned n = from; n < from + count; n++) {
        struct cam_event_record event = event_of(n);
        assert_int_equal(cam_queue_append(queue, &event), CAM_OK);
        assert_int_equal(event.seq, n);
    }
}

/* The oldest is event `n` in every field. */
static void check_oldest(struct cam_queue *queue, unsigned n)
{
    struct cam_event_record event = {0};
    struct cam_event_record wanted = event_of(n);

    assert_int_equal(cam_queue_peek(queue, &event), CAM_OK);
    assert_int_equal(event.seq, n);
    assert_memory_equal(event.boot_id, wanted.boot_id, sizeof wanted.boot_id);
    assert_int_equal(event.monotonic_ms, wanted.monotonic_ms);
    assert_int_equal(event.wall_ms, wanted.wall_ms);
    assert_int_equal(event.score, wanted.score);
    assert_int_equal(event.quality, wanted.quality);
    assert_int_equal(event.camera_enabled, wanted.camera_enabled);
}

static void take_events(struct cam_queue *queue, unsigned from, unsigned count)
{
    for (unsigned n = from; n < from + count; n++) {
        check_oldest(queue, n);
        assert_int_equal(cam_queue_confirm(queue, n), CAM_OK);
    }
}

static void test_queue_gives_what_it_got(void **state)
{
    struct cam_queue queue;
    struct cam_event_record event;

    (void)state;
    assert_int_equal(cam_queue_open(&queue, &s_port, &s_queue_area), CAM_OK);
    assert_int_equal(cam_queue_peek(&queue, &event), CAM_EMPTY);
    append_events(&queue, 1, 3);
    assert_int_equal(cam_queue_depth(&queue), 3);
    check_oldest(&queue, 1);
    take_events(&queue, 1, 2);
    assert_int_equal(cam_queue_open(&queue, &s_port, &s_queue_area), CAM_OK);
    assert_int_equal(cam_queue_depth(&queue), 1);
    take_events(&queue, 3, 1);
    assert_int_equal(cam_queue_peek(&queue, &event), CAM_EMPTY);
    append_events(&queue, 4, 1); /* numbers go on after a restart */
}

static void test_queue_keeps_the_newest_and_counts_the_rest(void **state)
{
    struct cam_queue queue;

    (void)state;
    assert_int_equal(cam_queue_open(&queue, &s_port, &s_queue_area), CAM_OK);
    append_events(&queue, 1, 3000);
    assert_int_equal(cam_queue_depth(&queue), 256);
    assert_int_equal(queue.dropped, 3000 - 256);
    check_oldest(&queue, 3000 - 255);
    assert_int_equal(cam_queue_open(&queue, &s_port, &s_queue_area), CAM_OK);
    assert_int_equal(cam_queue_depth(&queue), 256);
    assert_int_equal(queue.dropped, 0); /* since boot */
    take_events(&queue, 3000 - 255, 256);
}

static void test_queue_with_full_backlog_in_steady_use(void **state)
{
    /* Each new event with a confirmation in between: as many records as the ring has to bear. */
    struct cam_queue queue;

    (void)state;
    assert_int_equal(cam_queue_open(&queue, &s_port, &s_queue_area), CAM_OK);
    append_events(&queue, 1, 256);
    for (unsigned n = 257; n < 4000; n++) {
        take_events(&queue, n - 256, 1);
        append_events(&queue, n, 1);
        if (n % 97 == 0) {
            assert_int_equal(cam_queue_open(&queue, &s_port, &s_queue_area), CAM_OK);
        }
    }
    assert_int_equal(queue.dropped, 0);
    take_events(&queue, 4000 - 256, 256);
    for (size_t i = 3; i < 8; i++) {
        assert_in_range(s_flash.erases[i], s_flash.erases[2] - 1, s_flash.erases[2] + 1); /* even wear */
    }
}

/* `whole` empties the queue; without it only the number of events and the oldest are looked at, which is 200
 * times as fast. */
static void check_queue_after_cut(unsigned appended, unsigned confirmed, bool was_appending,
                                  bool was_confirming, bool whole)
{
    struct cam_queue queue;
    unsigned oldest = confirmed + 1;

    fake_flash_restore_power(&s_flash);
    assert_int_equal(cam_queue_open(&queue, &s_port, &s_queue_area), CAM_OK);
    if (was_confirming && cam_queue_depth(&queue) == appended - confirmed - 1) {
        oldest++; /* the confirmation just made it */
    }
    if (!was_appending) {
        assert_int_equal(cam_queue_depth(&queue), appended + 1 - oldest);
    } else {
        assert_in_range(cam_queue_depth(&queue), appended + 1 - oldest, appended + 2 - oldest);
    }
    if (!whole) {
        if (oldest <= appended) {
            check_oldest(&queue, oldest);
        }
        assert_int_equal(queue.dropped, 0);
        return;
    }
    for (unsigned n = oldest; n <= appended; n++) {
        check_oldest(&queue, n);
        assert_int_equal(cam_queue_confirm(&queue, n), CAM_OK);
    }
    if (cam_queue_depth(&queue) == 1) {
        check_oldest(&queue, appended + 1);
        assert_int_equal(cam_queue_confirm(&queue, appended + 1), CAM_OK);
    }
    assert_int_equal(queue.dropped, 0);
    assert_int_equal(cam_queue_open(&queue, &s_port, &s_queue_area), CAM_OK);
    assert_int_equal(cam_queue_depth(&queue), 0);
}

/* Every byte of what is written; within an erase, whose bytes are alike, every 13th. */
static uint64_t next_cut(uint64_t cut)
{
    return cut + (cut > 100 && cut < 4000 ? 13 : 1);
}

/* Brings the log to `fill` records before the end of a sector, so that both a plain append and a new sector
 * are cut. */
static void test_queue_loses_nothing_wherever_the_power_goes(void **state)
{
    static const unsigned s_counts[] = {0, 1, 100, 127, 127 * 5, 127 * 6, 127 * 7 + 126};

    (void)state;
    for (size_t i = 0; i < 2 * COUNT_OF(s_counts); i++) {
        unsigned records = s_counts[i / 2];
        struct cam_queue queue;
        unsigned appended;
        unsigned confirmed;

        (void)setup(NULL);
        s_flash.tear_from_end = i % 2 == 1;
        assert_int_equal(cam_queue_open(&queue, &s_port, &s_queue_area), CAM_OK);
        /* Up to 200 events wait; the rest of the records are events that were confirmed. */
        for (appended = 0, confirmed = 0; appended + confirmed < records;) {
            if (appended - confirmed < 200) {
                append_events(&queue, ++appended, 1);
            } else {
                take_events(&queue, ++confirmed, 1);
            }
        }
        s_before = s_flash;
        for (uint64_t cut = 0;; cut = next_cut(cut)) {
            struct cam_event_record event = event_of(appended + 1);
            bool completed;

            s_flash = s_before;
            assert_int_equal(cam_queue_open(&queue, &s_port, &s_queue_area), CAM_OK);
            s_flash.power_bytes = cut;
            completed = cam_queue_append(&queue, &event) == CAM_OK;
            check_queue_after_cut(appended + (completed ? 1 : 0), confirmed, !completed, false,
                                  completed || cut % 61 == 0);
            if (completed) {
                break;
            }
        }
        for (uint64_t cut = 0; appended > confirmed; cut = next_cut(cut)) {
            struct cam_event_record event;
            bool completed;

            s_flash = s_before;
            assert_int_equal(cam_queue_open(&queue, &s_port, &s_queue_area), CAM_OK);
            assert_int_equal(cam_queue_peek(&queue, &event), CAM_OK);
            s_flash.power_bytes = cut;
            completed = cam_queue_confirm(&queue, confirmed + 1) == CAM_OK;
            check_queue_after_cut(appended, confirmed + (completed ? 1 : 0), false, !completed,
                                  completed || cut % 61 == 0);
            if (completed) {
                break;
            }
        }
    }
}

static void test_queue_survives_a_cut_of_a_cut(void **state)
{
    /* Random cuts one after the other, as a loose plug makes them. Every event that was accepted comes out
     * once. */
    struct cam_queue queue;
    uint32_t random = 7;
    unsigned next_out = 1;
    unsigned highest = 0;

    (void)state;
    for (unsigned round = 0; round < 3000; round++) {
        struct cam_event_record event;

        fake_flash_restore_power(&s_flash);
        random = random * 1664525u + 1013904223u;
        s_flash.tear_from_end = (random & 1024) != 0;
        s_flash.power_bytes = (random >> 16) % 9000;
        if (cam_queue_open(&queue, &s_port, &s_queue_area) != CAM_OK) {
            continue;
        }
        for (unsigned n = 0; !s_flash.is_dead; n++) {
            if (n % 3 < 2 && cam_queue_depth(&queue) < 250) {
                event = event_of(queue.next_seq);
                if (cam_queue_append(&queue, &event) == CAM_OK) {
                    highest = event.seq;
                }
            } else if (cam_queue_peek(&queue, &event) == CAM_OK) {
                assert_int_equal(event.monotonic_ms, 1000u * event.seq);
                /* In order, none left out; the last one may come again. */
                assert_in_range(event.seq, next_out > 1 ? next_out - 1 : 1, next_out);
                next_out = event.seq + 1;
                (void)cam_queue_confirm(&queue, event.seq);
            }
        }
    }
    assert_true(highest > 10000);
}

static void test_queue_on_flash_that_fails(void **state)
{
    struct cam_queue queue;
    struct cam_event_record event = event_of(1);

    (void)state;
    assert_int_equal(cam_queue_open(&queue, &s_port, &s_queue_area), CAM_OK);
    s_flash.fail_writes = true;
    assert_int_equal(cam_queue_append(&queue, &event), CAM_IO);
    s_flash.fail_writes = false;
    event = event_of(2);
    assert_int_equal(cam_queue_append(&queue, &event), CAM_OK);
    check_oldest(&queue, 2);
    assert_int_equal(queue.dropped, 1);
    s_flash.fail_reads = true;
    assert_int_equal(cam_queue_peek(&queue, &event), CAM_IO);
    assert_int_equal(cam_queue_open(&queue, &s_port, &s_queue_area), CAM_IO);
    s_flash.fail_reads = false;
    /* A bad place is left behind. */
    assert_int_equal(cam_queue_open(&queue, &s_port, &s_queue_area), CAM_OK);
    s_flash.bad_from = s_queue_area.at + 2 * 32;
    s_flash.bad_to = s_flash.bad_from + 64;
    append_events(&queue, 3, 1);
    take_events(&queue, 2, 2);
    queue.dropped = 0;
    /* The last one cannot be written at all: known by the gap when the queue is read. */
    s_flash.bad_to = FAKE_FLASH_BYTES;
    event = event_of(4);
    assert_int_equal(cam_queue_append(&queue, &event), CAM_IO);
    assert_int_equal(cam_queue_peek(&queue, &event), CAM_EMPTY);
    assert_int_equal(queue.dropped, 1);
    assert_int_equal(cam_queue_depth(&queue), 0);
}

static void test_queue_skips_what_flash_forgot(void **state)
{
    struct cam_queue queue;

    (void)state;
    assert_int_equal(cam_queue_open(&queue, &s_port, &s_queue_area), CAM_OK);
    append_events(&queue, 1, 4);
    s_flash.data[s_queue_area.at + 32 * 2 + 5] ^= 1;
    assert_int_equal(cam_queue_open(&queue, &s_port, &s_queue_area), CAM_OK);
    take_events(&queue, 1, 1);
    check_oldest(&queue, 3);
    assert_int_equal(queue.dropped, 1);
}

static void test_queue_numbers_no_event_like_one_whose_record_is_lost(void **state)
{
    struct cam_queue queue;
    struct cam_event_record event;

    (void)state;
    assert_int_equal(cam_queue_open(&queue, &s_port, &s_queue_area), CAM_OK);
    append_events(&queue, 1, 3);
    take_events(&queue, 1, 3);
    memset(s_flash.data + s_queue_area.at + 3 * 32, 0, 32); /* event 3, behind the header and two others */
    assert_int_equal(cam_queue_open(&queue, &s_port, &s_queue_area), CAM_OK);
    assert_int_equal(cam_queue_depth(&queue), 0);
    assert_int_equal(cam_queue_peek(&queue, &event), CAM_EMPTY);
    assert_int_equal(queue.dropped, 0);
    /* As number 3 it would count as confirmed after the next restart. */
    append_events(&queue, 4, 1);
    assert_int_equal(cam_queue_open(&queue, &s_port, &s_queue_area), CAM_OK);
    take_events(&queue, 4, 1);
}

static void test_queue_reads_on_when_the_ring_passes_it(void **state)
{
    struct cam_queue queue;

    (void)state;
    assert_int_equal(cam_queue_open(&queue, &s_port, &s_queue_area), CAM_OK);
    append_events(&queue, 1, 1);
    check_oldest(&queue, 1); /* the reading place is now in the first sector */
    append_events(&queue, 2, 127 * 6 + 20);
    check_oldest(&queue, 127 * 6 + 21 - 255);
}

static struct cam_errlog_entry trouble(const char *text, int code)
{
    struct cam_errlog_entry entry = {
        .status = CAM_TIMEOUT, .code = code, .monotonic_ms = 5, .wall_ms = 6, .boot_id = {9}};

    (void)strncpy(entry.text, text, sizeof entry.text - 1);
    return entry;
}

static unsigned count_entries(const struct cam_errlog *errlog, struct cam_errlog_entry *last)
{
    struct cam_flashlog_position position = cam_flashlog_first(&errlog->log);
    unsigned count = 0;

    while (cam_errlog_next(errlog, &position, last) == CAM_OK) {
        count++;
    }
    return count;
}

static void test_errlog_folds_repeats_and_wraps(void **state)
{
    struct cam_errlog errlog;
    struct cam_errlog_entry entry = trouble("connect", -111);
    struct cam_errlog_entry last;

    (void)state;
    assert_int_equal(cam_errlog_open(&errlog, &s_port, &s_log_area), CAM_OK);
    assert_int_equal(count_entries(&errlog, &last), 0);
    for (int i = 0; i < 1000; i++) {
        cam_errlog_add(&errlog, &entry);
    }
    assert_int_equal(count_entries(&errlog, &last), 10);
    assert_int_equal(last.repeats, 512);
    assert_int_equal(last.code, -111);
    assert_int_equal(last.status, CAM_TIMEOUT);
    assert_int_equal(last.monotonic_ms, 5);
    assert_int_equal(last.wall_ms, 6);
    assert_int_equal(last.boot_id[0], 9);
    assert_string_equal(last.text, "connect");
    for (int i = 0; i < 500; i++) {
        entry = trouble("heartbeat", i);
        cam_errlog_add(&errlog, &entry);
    }
    assert_int_equal(cam_errlog_open(&errlog, &s_port, &s_log_area), CAM_OK);
    assert_in_range(count_entries(&errlog, &last), 63, 126);
    assert_int_equal(last.code, 499);
    entry = trouble("after", 1);
    cam_errlog_add(&errlog, &entry);
    (void)count_entries(&errlog, &entry);
    assert_int_equal(entry.seq, last.seq + 1);
    /* A torn entry is passed over. */
    s_flash.power_bytes = 10;
    entry = trouble("torn", 2);
    cam_errlog_add(&errlog, &entry);
    fake_flash_restore_power(&s_flash);
    assert_int_equal(cam_errlog_open(&errlog, &s_port, &s_log_area), CAM_OK);
    entry = trouble("whole", 3);
    cam_errlog_add(&errlog, &entry);
    (void)count_entries(&errlog, &last);
    assert_string_equal(last.text, "whole");
}

static void test_errlog_on_flash_that_fails(void **state)
{
    struct cam_errlog errlog;
    struct cam_errlog_entry entry = trouble("x", 0);
    unsigned writes;

    (void)state;
    assert_int_equal(cam_errlog_open(&errlog, &s_port, &s_log_area), CAM_OK);
    cam_errlog_add(&errlog, &entry);
    s_flash.fail_reads = true;
    assert_int_equal(cam_errlog_open(&errlog, &s_port, &s_log_area), CAM_IO);
    writes = s_flash.writes;
    cam_errlog_add(&errlog, &entry);
    assert_int_equal(s_flash.writes, writes);
    errlog.last.repeats = UINT32_MAX;
    cam_errlog_add(&errlog, &entry);
    assert_int_equal(errlog.last.repeats, UINT32_MAX);
}

static struct cam_settings settings_of(unsigned n)
{
    struct cam_settings settings;

    cam_settings_init(&settings);
    strcpy(settings.device_id, "24:6F:28:AA:BB:CC");
    strcpy(settings.hub_host, "192.168.1.100");
    strcpy(settings.found_host, "10.0.0.7");
    strcpy(settings.enrolment_key, "lab-enrolment-key");
    memset(settings.token, 'a' + (int)(n % 26), 100 + n % 80);
    strcpy(settings.reboot_command, "019b76da-a800-7c31-b9a4-0d2a4c1e9b11");
    settings.has_secret = true;
    memset(settings.secret, (int)(n & 255), sizeof settings.secret);
    settings.hub_port = 5000;
    settings.found_port = 5001;
    settings.token_expires_ms = 1767225600000 + n;
    settings.privacy_known = true;
    settings.privacy_locked = n % 2 == 0;
    settings.privacy_unreported = n % 3 == 0;
    settings.privacy_generation = n;
    settings.heartbeat_interval_s = 30;
    settings.motion_threshold_milli = 12500;
    settings.frame_size = CAM_FRAME_UXGA;
    settings.jpeg_quality = 40;
    settings.brownouts = 3;
    return settings;
}

/* Structs have padding; what counts is what would be saved. */
static bool same_settings(const struct cam_settings *a, const struct cam_settings *b)
{
    uint8_t left[1024];
    uint8_t right[1024];
    size_t len_bytes = cam_settings_encode(a, left, sizeof left);

    return len_bytes > 0 && len_bytes == cam_settings_encode(b, right, sizeof right) &&
           memcmp(left, right, len_bytes) == 0;
}

static void test_settings_come_back(void **state)
{
    static struct cam_settings_store store;
    struct cam_settings loaded;
    struct cam_settings wanted;
    unsigned writes;

    (void)state;
    assert_int_equal(cam_settings_open(&store, &s_port, &s_settings_area, &loaded), CAM_EMPTY);
    assert_int_equal(loaded.heartbeat_interval_s, 60);
    for (unsigned n = 0; n < 100; n++) {
        wanted = settings_of(n);
        assert_int_equal(cam_settings_save(&store, &wanted), CAM_OK);
        writes = s_flash.writes;
        assert_int_equal(cam_settings_save(&store, &wanted), CAM_OK); /* nothing new: nothing written */
        assert_int_equal(s_flash.writes, writes);
        if (n % 3 == 0) {
            assert_int_equal(cam_settings_open(&store, &s_port, &s_settings_area, &loaded), CAM_OK);
            assert_true(same_settings(&loaded, &wanted));
        }
    }
    assert_in_range(s_flash.erases[0] + s_flash.erases[1], 22, 25); /* 100 changes */
}

static void test_settings_are_the_old_or_the_new_wherever_the_power_goes(void **state)
{
    static struct cam_settings_store store;

    (void)state;
    for (unsigned saved = 0; saved < 20; saved++) {
        struct cam_settings old_settings = settings_of(saved);
        struct cam_settings new_settings = settings_of(saved + 1);
        struct cam_settings loaded;

        (void)setup(NULL);
        s_flash.tear_from_end = saved % 2 == 1;
        assert_int_equal(cam_settings_open(&store, &s_port, &s_settings_area, &loaded), CAM_EMPTY);
        for (unsigned n = 0; n <= saved; n++) {
            struct cam_settings settings = settings_of(n);
            assert_int_equal(cam_settings_save(&store, &settings), CAM_OK);
        }
        s_before = s_flash;
        for (uint64_t cut = 0;; cut++) {
            bool completed;

            s_flash = s_before;
            assert_int_equal(cam_settings_open(&store, &s_port, &s_settings_area, &loaded), CAM_OK);
            s_flash.power_bytes = cut;
            completed = cam_settings_save(&store, &new_settings) == CAM_OK;
            fake_flash_restore_power(&s_flash);
            assert_int_equal(cam_settings_open(&store, &s_port, &s_settings_area, &loaded), CAM_OK);
            assert_true(same_settings(&loaded, &new_settings) ||
                        (!completed && same_settings(&loaded, &old_settings)));
            /* And it can be saved again. */
            assert_int_equal(cam_settings_save(&store, &new_settings), CAM_OK);
            assert_int_equal(cam_settings_open(&store, &s_port, &s_settings_area, &loaded), CAM_OK);
            assert_true(same_settings(&loaded, &new_settings));
            if (completed) {
                break;
            }
        }
    }
}

static void test_settings_on_flash_that_fails(void **state)
{
    static struct cam_settings_store store;
    struct cam_settings settings = settings_of(1);
    struct cam_settings loaded;

    (void)state;
    assert_int_equal(cam_settings_open(&store, &s_port, &s_settings_area, &loaded), CAM_EMPTY);
    assert_int_equal(cam_settings_save(&store, &settings), CAM_OK);
    s_flash.fail_writes = true;
    settings = settings_of(2);
    assert_int_equal(cam_settings_save(&store, &settings), CAM_IO);
    s_flash.fail_writes = false;
    /* The next place is bad: the one after it is used. */
    s_flash.bad_from = 1024 + 100;
    s_flash.bad_to = 1024 + 200;
    assert_int_equal(cam_settings_save(&store, &settings), CAM_OK);
    assert_int_equal(cam_settings_open(&store, &s_port, &s_settings_area, &loaded), CAM_OK);
    assert_true(same_settings(&loaded, &settings));
    s_flash.fail_reads = true;
    assert_int_equal(cam_settings_open(&store, &s_port, &s_settings_area, &loaded), CAM_IO);
    assert_false(loaded.has_secret);
}

static void test_settings_of_another_firmware(void **state)
{
    static const uint8_t s_newer[] = {200, 2,  1, 2, 3,  1, 80, 4,  1, 'x', 1, 3,   'A', 0, 'B', 9, 1,
                                      7,   13, 1, 0, 16, 1, 64, 15, 1, 9,   8, 0,   17,  9, 1,   1, 1,
                                      1,   1,  1, 1, 1,  1, 14, 4,  0, 0,   0, 255, 3,   3, 0,   0, 1};
    static const uint8_t s_bad[][4] = {{1, 3, 'x', 'y'}, {1, 0, 1, 255}, {1, 1, 'x', 1}};
    struct cam_settings settings;

    (void)state;
    assert_int_equal(cam_settings_decode(&settings, s_newer, sizeof s_newer), CAM_OK);
    assert_int_equal(settings.hub_port, 80);
    assert_string_equal(settings.found_host, "x");
    assert_string_equal(settings.device_id, "");
    assert_false(settings.has_secret);
    assert_int_equal(settings.heartbeat_interval_s, 60);
    assert_int_equal(settings.jpeg_quality, 12);
    for (size_t i = 0; i < COUNT_OF(s_bad); i++) {
        assert_int_equal(cam_settings_decode(&settings, s_bad[i], sizeof s_bad[i]), CAM_GARBAGE);
        assert_int_equal(settings.hub_port, 0);
    }
    settings = settings_of(1);
    assert_int_equal(cam_settings_encode(&settings, (uint8_t[100]){0}, 100), 0);
}

#define FRESH(function) cmocka_unit_test_setup(function, setup)

RUN(FRESH(test_queue_gives_what_it_got), FRESH(test_queue_keeps_the_newest_and_counts_the_rest),
    FRESH(test_queue_with_full_backlog_in_steady_use),
    FRESH(test_queue_loses_nothing_wherever_the_power_goes), FRESH(test_queue_survives_a_cut_of_a_cut),
    FRESH(test_queue_on_flash_that_fails), FRESH(test_queue_skips_what_flash_forgot),
    FRESH(test_queue_numbers_no_event_like_one_whose_record_is_lost),
    FRESH(test_queue_reads_on_when_the_ring_passes_it), FRESH(test_errlog_folds_repeats_and_wraps),
    FRESH(test_errlog_on_flash_that_fails), FRESH(test_settings_come_back),
    FRESH(test_settings_are_the_old_or_the_new_wherever_the_power_goes),
    FRESH(test_settings_on_flash_that_fails), FRESH(test_settings_of_another_firmware))
