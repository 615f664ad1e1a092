#include "camera_internal.h"

#define HUB_BASE_MS 2000u
#define HUB_CAP_MS 60000u

/* In the order of their urgency. CAM_JOB_NONE is the part of preparing, which sends nothing. */
static const enum cam_job s_first_lane[] = {CAM_JOB_REGISTER, CAM_JOB_SWITCH, CAM_JOB_HEARTBEAT,
                                            CAM_JOB_MOTION,   CAM_JOB_RESULT, CAM_JOB_PICTURE};
static const enum cam_job s_second_lane[] = {CAM_JOB_RESULT, CAM_JOB_POLL};

static const struct cam_part *const s_parts[CAM_JOBS] = {
    [CAM_JOB_REGISTER] = &cam_part_register, [CAM_JOB_HEARTBEAT] = &cam_part_heartbeat,
    [CAM_JOB_SWITCH] = &cam_part_switch,     [CAM_JOB_MOTION] = &cam_part_motion,
    [CAM_JOB_PICTURE] = &cam_part_picture,   [CAM_JOB_POLL] = &cam_part_poll,
    [CAM_JOB_RESULT] = &cam_part_result,
};

struct order {
    const enum cam_job *jobs;
    size_t count;
};

static struct order order_of(unsigned lane)
{
    return lane == CAM_LANE_REQUESTS
               ? (struct order){s_first_lane, sizeof s_first_lane / sizeof s_first_lane[0]}
               : (struct order){s_second_lane, sizeof s_second_lane / sizeof s_second_lane[0]};
}

const struct cam_part *cam_camera_part(enum cam_job job)
{
    return s_parts[job];
}

void cam_camera_init_parts(struct cam_camera *camera)
{
    cam_backoff_init(&camera->hub_backoff, HUB_BASE_MS, HUB_CAP_MS);
    cam_backoff_init(&camera->backoffs[CAM_JOB_NONE], HUB_BASE_MS, HUB_CAP_MS);
    for (unsigned job = CAM_JOB_NONE + 1; job < CAM_JOBS; job++) {
        cam_backoff_init(&camera->backoffs[job], s_parts[job]->base_ms, s_parts[job]->cap_ms);
    }
    for (unsigned i = 0; i < CAM_LANES; i++) {
        cam_uplink_init(&camera->lanes[i].uplink, camera->lanes[i].body, sizeof camera->lanes[i].body);
    }
    camera->lanes[CAM_LANE_POLL].uplink.resends = camera->config.poll_wait_s == 0;
}

void cam_camera_abort(struct cam_camera *camera, struct cam_lane *lane)
{
    (void)camera;
    cam_uplink_abort(&lane->uplink);
    lane->job = CAM_JOB_NONE;
}

bool cam_camera_is_refused(const struct cam_lane *lane, int status)
{
    const struct cam_http_reader *answer = &lane->uplink.answer;

    return answer->status == status && lane->uplink.outcome == CAM_OK &&
           cam_answer_is_problem(answer->body, answer->body_len_bytes, status);
}

/* CAM_NEVER_MS, or from when on; it may be past. */
static uint64_t job_due_ms(const struct cam_camera *camera, unsigned lane, enum cam_job job, uint64_t now_ms)
{
    uint64_t due_ms;

    if (!camera->link_is_up || !cam_discovery_is_ready(&camera->discovery) || camera->must_restart ||
        (job != CAM_JOB_REGISTER && !camera->has_token) ||
        (lane != CAM_LANE_REQUESTS && camera->hub_is_away) || camera->lanes[1 - lane].job == job) {
        return CAM_NEVER_MS;
    }
    due_ms = s_parts[job]->due_ms(camera, now_ms);
    if (due_ms < camera->due_ms[job]) {
        due_ms = camera->due_ms[job];
    }
    return due_ms < camera->hub_due_ms ? camera->hub_due_ms : due_ms;
}

static uint32_t timeout_ms(const struct cam_camera *camera, enum cam_job job)
{
    uint32_t wait_s = job == CAM_JOB_POLL ? camera->config.poll_wait_s : 0;

    return s_parts[job]->timeout_ms + wait_s * 1000;
}

static void begin(struct cam_camera *camera, unsigned number, enum cam_job job, uint64_t now_ms)
{
    struct cam_lane *lane = &camera->lanes[number];
    const struct cam_request_target target = {
        .buffer = lane->request,
        .host = camera->discovery.host,
        .port = camera->discovery.port,
        .token = job == CAM_JOB_REGISTER ? NULL : camera->settings.token,
        .device_id = camera->settings.device_id,
    };
    const bool is_picture = job == CAM_JOB_PICTURE;
    size_t len_bytes;
    enum cam_status status = s_parts[job]->write(camera, lane, &target, now_ms, &len_bytes);

    if (status != CAM_OK) {
        /* Flash that cannot be read, or an app that configured texts without end. */
        cam_camera_log_error(camera, s_parts[job]->name, status, 0, now_ms);
        camera->due_ms[job] = now_ms + s_parts[job]->cap_ms;
        return;
    }
    lane->job = job;
    lane->registrations = camera->registrations;
    lane->code = 0;
    cam_uplink_begin(&lane->uplink, (const uint8_t *)lane->request, len_bytes,
                     is_picture ? camera->picture.frame.data : NULL,
                     is_picture ? camera->picture.frame.len_bytes : 0, timeout_ms(camera, job), now_ms);
}

static void begin_on(struct cam_camera *camera, unsigned number, uint64_t now_ms)
{
    const struct order order = order_of(number);

    for (size_t i = 0; i < order.count && cam_uplink_is_idle(&camera->lanes[number].uplink); i++) {
        if (job_due_ms(camera, number, order.jobs[i], now_ms) <= now_ms) {
            begin(camera, number, order.jobs[i], now_ms);
        }
    }
}

void cam_camera_begin_exchanges(struct cam_camera *camera, uint64_t now_ms)
{
    begin_on(camera, CAM_LANE_POLL, now_ms);
    begin_on(camera, CAM_LANE_REQUESTS, now_ms);
}

static void take_answer(struct cam_camera *camera, struct cam_lane *lane, enum cam_job job, uint64_t now_ms)
{
    const bool is_whole = lane->uplink.outcome == CAM_OK || lane->uplink.outcome == CAM_TOO_LONG;
    enum cam_take take = CAM_TAKE_FAILED;

    if (lane->uplink.outcome == CAM_TOO_LONG) {
        lane->uplink.answer.body_len_bytes = 0;
    }
    /* 403 but of a picture: the token is somebody else's. */
    if (job != CAM_JOB_REGISTER && is_whole &&
        (lane->uplink.answer.status == 401 || (job != CAM_JOB_PICTURE && cam_camera_is_refused(lane, 403)))) {
        cam_camera_token_refused(camera, lane, job, now_ms);
        return;
    }
    if (is_whole) {
        take = s_parts[job]->take(camera, lane, now_ms);
    }
    if (job == CAM_JOB_REGISTER && take != CAM_TAKE_DONE && lane->uplink.connected &&
        cam_discovery_is_elsewhere(&camera->discovery)) {
        cam_camera_go_back(camera, now_ms);
        return;
    }
    if (take == CAM_TAKE_FAILED) {
        cam_camera_lane_failed(camera, lane, job, now_ms);
        return;
    }
    if (job != CAM_JOB_REGISTER) {
        cam_backoff_reset(&camera->backoffs[job]);
    }
    cam_camera_hub_answered(camera, take == CAM_TAKE_DONE ? job : CAM_JOB_NONE);
}

void cam_camera_finish_exchanges(struct cam_camera *camera, uint64_t now_ms)
{
    for (unsigned i = 0; i < CAM_LANES; i++) {
        struct cam_lane *lane = &camera->lanes[i];
        enum cam_job job = lane->job;

        cam_uplink_tick(&lane->uplink, now_ms);
        if (cam_uplink_is_done(&lane->uplink)) {
            cam_uplink_finish(&lane->uplink);
            lane->job = CAM_JOB_NONE;
            take_answer(camera, lane, job, now_ms);
        }
    }
}

uint64_t cam_camera_exchange_wake_ms(const struct cam_camera *camera, uint64_t now_ms)
{
    uint64_t wake_ms = camera->link_is_up ? cam_discovery_wake_ms(&camera->discovery) : CAM_NEVER_MS;

    for (unsigned i = 0; i < CAM_LANES; i++) {
        const struct order order = order_of(i);
        uint64_t lane_ms = cam_uplink_deadline_ms(&camera->lanes[i].uplink);

        for (size_t at = 0; at < order.count && cam_uplink_is_idle(&camera->lanes[i].uplink); at++) {
            uint64_t due_ms = job_due_ms(camera, i, order.jobs[at], now_ms);
            lane_ms = due_ms < lane_ms ? due_ms : lane_ms;
        }
        wake_ms = lane_ms < wake_ms ? lane_ms : wake_ms;
    }
    return wake_ms;
}
