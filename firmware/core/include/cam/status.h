/*
 * What can come of a call. Everything that the world does to a camera is a status; programming errors are
 * asserts. Codes of the platform (errno, lwIP's err_t) are not folded into these: they travel beside, for the
 * log.
 */
#ifndef CAM_STATUS_H
#define CAM_STATUS_H

enum cam_status {
    CAM_OK = 0,
    CAM_AGAIN,     /* not now; ask again later. Nothing is wrong */
    CAM_CLOSED,    /* the other side closed the connection */
    CAM_TIMEOUT,   /* a deadline passed */
    CAM_IO,        /* the platform failed; its code is in the log */
    CAM_GARBAGE,   /* the bytes are not what they should be */
    CAM_TOO_LONG,  /* right, but more than there is room for */
    CAM_NOT_FOUND, /* no such member, name, record */
    CAM_EMPTY,     /* nothing there */
    CAM_LOCKED,    /* privacy forbids it */
    CAM_INVALID,   /* an argument or a setting out of its range */
    CAM_STATUS_COUNT
};

/* The name without prefix, in lower case: "ok", "again". Never NULL; "unknown" for a value that is none. */
const char *cam_status_name(enum cam_status status);

#endif
