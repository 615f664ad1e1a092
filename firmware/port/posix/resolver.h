/*
 * Names to IPv4 addresses by the system's resolver, which blocks for seconds and cannot be asked not to. So a
 * thread of its own asks, one name after another, and the loop looks whether the answer is there. The thread
 * begins with the first name and lives as long as the process.
 */
#ifndef POSIX_RESOLVER_H
#define POSIX_RESOLVER_H

#include <netinet/in.h>
#include <pthread.h>

#include "cam/port.h"
#include "wake.h"

#define POSIX_NAME_MAX_CHARS 255

enum posix_question_state { POSIX_QUESTION_NONE, POSIX_QUESTION_ASKED, POSIX_QUESTION_ANSWERED };

struct posix_question {
    enum posix_question_state state;
    unsigned number; /* tells an answer to an abandoned question */
    char name[POSIX_NAME_MAX_CHARS + 1];
    struct in_addr address;
    enum cam_status status;
    int code; /* EAI_* */
};

struct posix_resolver {
    /* Not to be touched. */
    const struct posix_wake *wake;
    pthread_mutex_t mutex;
    pthread_cond_t asked;
    bool runs;
    unsigned next_number;
    struct posix_question questions[CAM_LANES];
};

/* `wake` is called when an answer has come. Both must stay until the process ends. */
void posix_resolver_init(struct posix_resolver *resolver, const struct posix_wake *wake);

/*
 * Asks, or says how far that is: called again with the same name while it answers CAM_AGAIN. CAM_OK with the
 * address; CAM_NOT_FOUND no such name; CAM_IO the resolver failed; CAM_TOO_LONG. Addresses in digits are
 * answered at once.
 */
enum cam_status posix_resolver_ask(struct posix_resolver *resolver, unsigned lane, const char *name,
                                   struct in_addr *address, int *code);

/* Forgets the lane's question, also while it is asked. */
void posix_resolver_abandon(struct posix_resolver *resolver, unsigned lane);

#endif
