/* The queue of events in flash, and the flashlog below it. The power is cut at every byte. */
#include "cam/queue.h"
#include "fake_flash.h"
#include "testing.h"

static struct fake_flash s_flash;
static struct fake_flash s_before;
static struct cam_port s_port;
static const struct cam_area s_area = {.at = 8192, .sector_bytes = 4096, .sectors = 6};

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
    assert_int_equal(cam_queue_open(&queue, &s_port, &s_area), CAM_OK);
    assert_int_equal(cam_queue_peek(&queue, &event), CAM_EMPTY);
    append_events(&queue, 1, 3);
    assert_int_equal(cam_queue_depth(&queue), 3);
    check_oldest(&queue, 1);
    take_events(&queue, 1, 2);
    assert_int_equal(cam_queue_open(&queue, &s_port, &s_area), CAM_OK);
    assert_int_equal(cam_queue_depth(&queue), 1);
    take_events(&queue, 3, 1);
    assert_int_equal(cam_queue_peek(&queue, &event), CAM_EMPTY);
    append_events(&queue, 4, 1); /* numbers go on after a restart */
}

static void test_queue_keeps_the_newest_and_counts_the_rest(void **state)
{
    struct cam_queue queue;

    (void)state;
    assert_int_equal(cam_queue_open(&queue, &s_port, &s_area), CAM_OK);
    append_events(&queue, 1, 3000);
    assert_int_equal(cam_queue_depth(&queue), 256);
    assert_int_equal(queue.dropped, 3000 - 256);
    check_oldest(&queue, 3000 - 255);
    assert_int_equal(cam_queue_open(&queue, &s_port, &s_area), CAM_OK);
    assert_int_equal(cam_queue_depth(&queue), 256);
    assert_int_equal(queue.dropped, 0); /* since boot */
    take_events(&queue, 3000 - 255, 256);
}

static void test_queue_with_full_backlog_in_steady_use(void **state)
{
    /* Each new event with a confirmation in between: as many records as the ring has to bear. */
    struct cam_queue queue;

    (void)state;
    assert_int_equal(cam_queue_open(&queue, &s_port, &s_area), CAM_OK);
    append_events(&queue, 1, 256);
    for (unsigned n = 257; n < 4000; n++) {
        take_events(&queue, n - 256, 1);
        append_events(&queue, n, 1);
        if (n % 97 == 0) {
            assert_int_equal(cam_queue_open(&queue, &s_port, &s_area), CAM_OK);
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
    assert_int_equal(cam_queue_open(&queue, &s_port, &s_area), CAM_OK);
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
    assert_int_equal(cam_queue_open(&queue, &s_port, &s_area), CAM_OK);
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
        assert_int_equal(cam_queue_open(&queue, &s_port, &s_area), CAM_OK);
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
            assert_int_equal(cam_queue_open(&queue, &s_port, &s_area), CAM_OK);
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
            assert_int_equal(cam_queue_open(&queue, &s_port, &s_area), CAM_OK);
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
        if (cam_queue_open(&queue, &s_port, &s_area) != CAM_OK) {
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
    assert_int_equal(cam_queue_open(&queue, &s_port, &s_area), CAM_OK);
    s_flash.fail_writes = true;
    assert_int_equal(cam_queue_append(&queue, &event), CAM_IO);
    s_flash.fail_writes = false;
    event = event_of(2);
    assert_int_equal(cam_queue_append(&queue, &event), CAM_OK);
    check_oldest(&queue, 2);
    assert_int_equal(queue.dropped, 1);
    s_flash.fail_reads = true;
    assert_int_equal(cam_queue_peek(&queue, &event), CAM_IO);
    assert_int_equal(cam_queue_open(&queue, &s_port, &s_area), CAM_IO);
    s_flash.fail_reads = false;
    /* A bad place is left behind. */
    assert_int_equal(cam_queue_open(&queue, &s_port, &s_area), CAM_OK);
    s_flash.bad_from = s_area.at + 2 * 32;
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
    assert_int_equal(cam_queue_open(&queue, &s_port, &s_area), CAM_OK);
    append_events(&queue, 1, 4);
    s_flash.data[s_area.at + 32 * 2 + 5] ^= 1;
    assert_int_equal(cam_queue_open(&queue, &s_port, &s_area), CAM_OK);
    take_events(&queue, 1, 1);
    check_oldest(&queue, 3);
    assert_int_equal(queue.dropped, 1);
}

static void test_queue_numbers_no_event_like_one_whose_record_is_lost(void **state)
{
    struct cam_queue queue;
    struct cam_event_record event;

    (void)state;
    assert_int_equal(cam_queue_open(&queue, &s_port, &s_area), CAM_OK);
    append_events(&queue, 1, 3);
    take_events(&queue, 1, 3);
    memset(s_flash.data + s_area.at + 3 * 32, 0, 32); /* event 3, behind the header and two others */
    assert_int_equal(cam_queue_open(&queue, &s_port, &s_area), CAM_OK);
    assert_int_equal(cam_queue_depth(&queue), 0);
    assert_int_equal(cam_queue_peek(&queue, &event), CAM_EMPTY);
    assert_int_equal(queue.dropped, 0);
    /* As number 3 it would count as confirmed after the next restart. */
    append_events(&queue, 4, 1);
    assert_int_equal(cam_queue_open(&queue, &s_port, &s_area), CAM_OK);
    take_events(&queue, 4, 1);
}

static void test_queue_reads_on_when_the_ring_passes_it(void **state)
{
    struct cam_queue queue;

    (void)state;
    assert_int_equal(cam_queue_open(&queue, &s_port, &s_area), CAM_OK);
    append_events(&queue, 1, 1);
    check_oldest(&queue, 1); /* the reading place is now in the first sector */
    append_events(&queue, 2, 127 * 6 + 20);
    check_oldest(&queue, 127 * 6 + 21 - 255);
}

#define FRESH(function) cmocka_unit_test_setup(function, setup)

RUN(FRESH(test_queue_gives_what_it_got), FRESH(test_queue_keeps_the_newest_and_counts_the_rest),
    FRESH(test_queue_with_full_backlog_in_steady_use),
    FRESH(test_queue_loses_nothing_wherever_the_power_goes), FRESH(test_queue_survives_a_cut_of_a_cut),
    FRESH(test_queue_on_flash_that_fails), FRESH(test_queue_skips_what_flash_forgot),
    FRESH(test_queue_numbers_no_event_like_one_whose_record_is_lost),
    FRESH(test_queue_reads_on_when_the_ring_passes_it))
