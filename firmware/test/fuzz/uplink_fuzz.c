/*
 * Any order of what the network does, with any bytes of an answer: every exchange ends by its deadlines, and
 * the next one can begin. The first 32
 * bytes of an input say what happens; the rest is what the hub sends.
 */
#include "cam/uplink.h"

#include <stdlib.h>
#include <string.h>

#define HEAD "GET / HTTP/1.1\r\n\r\n"
#define STREAM "0123456789"
#define STEPS 32u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len_bytes);

static void check(bool holds)
{
    if (!holds) {
        abort();
    }
}

static enum cam_status failure(unsigned step)
{
    static const enum cam_status s_failures[] = {CAM_AGAIN, CAM_CLOSED, CAM_IO, CAM_NOT_FOUND};

    return s_failures[step % 4];
}

struct world {
    struct cam_uplink uplink;
    uint64_t now_ms;
    const uint8_t *answer;
    size_t answer_bytes;
};

static void receive(struct world *world, unsigned step)
{
    size_t now_bytes = 1 + step / 8;

    if (step % 8 < 3) {
        cam_uplink_received(&world->uplink, failure(step), NULL, 0);
        return;
    }
    now_bytes = now_bytes < world->answer_bytes ? now_bytes : world->answer_bytes;
    if (now_bytes == 0) {
        cam_uplink_received(&world->uplink, CAM_CLOSED, NULL, 0);
        return;
    }
    cam_uplink_received(&world->uplink, CAM_OK, world->answer, now_bytes);
    world->answer += now_bytes;
    world->answer_bytes -= now_bytes;
}

static void do_what_is_wanted(struct world *world, unsigned step)
{
    const uint8_t *data;
    size_t len_bytes;

    switch (cam_uplink_want(&world->uplink)) {
    case CAM_UPLINK_CONNECT:
        cam_uplink_connected(&world->uplink, step % 8 < 5 ? CAM_OK : failure(step), world->now_ms);
        break;
    case CAM_UPLINK_SEND:
        cam_uplink_next_send(&world->uplink, &data, &len_bytes);
        check(len_bytes > 0 && (data[len_bytes - 1] == '\n' || data[len_bytes - 1] == '9'));
        if (step % 8 == 7) {
            cam_uplink_sent(&world->uplink, failure(step / 8), 0);
        } else if (step % 8 == 6) {
            receive(world, step / 8);
        } else {
            cam_uplink_sent(&world->uplink, CAM_OK, 1 + step % len_bytes);
        }
        break;
    case CAM_UPLINK_RECEIVE:
        receive(world, step);
        break;
    case CAM_UPLINK_CLOSE:
        cam_uplink_closed(&world->uplink);
        check(cam_uplink_want(&world->uplink) != CAM_UPLINK_CLOSE);
        break;
    default:
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len_bytes)
{
    static char s_body[256];
    struct world world = {.now_ms = 1};
    size_t steps = len_bytes < STEPS ? len_bytes : STEPS;

    world.answer = data + steps;
    world.answer_bytes = len_bytes - steps;
    cam_uplink_init(&world.uplink, s_body, sizeof s_body);
    for (size_t i = 0; i < 8 * steps; i++) {
        unsigned step = data[i % steps];

        if (cam_uplink_is_done(&world.uplink)) {
            check(world.uplink.answer.body_len_bytes <= sizeof s_body);
            check(world.uplink.outcome != CAM_OK || world.uplink.answer.status >= 200);
            check(world.uplink.outcome != CAM_OK || world.uplink.connected);
            cam_uplink_finish(&world.uplink);
        } else if (cam_uplink_is_idle(&world.uplink)) {
            cam_uplink_begin(&world.uplink, (const uint8_t *)HEAD, sizeof HEAD - 1, (const uint8_t *)STREAM,
                             sizeof STREAM - 1, 3000, world.now_ms);
        } else if (step == 255) {
            cam_uplink_abort(&world.uplink);
        }
        do_what_is_wanted(&world, step);
        world.now_ms += 8 * step;
        cam_uplink_tick(&world.uplink, world.now_ms);
        check(cam_uplink_deadline_ms(&world.uplink) > world.now_ms);
    }
    cam_uplink_tick(&world.uplink, world.now_ms + 5000);
    check(cam_uplink_is_idle(&world.uplink) || cam_uplink_is_done(&world.uplink));
    return 0;
}
