#include "resolver.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>

#include "cam/text.h"

static enum cam_status look_up(const char *name, struct in_addr *address, int *code)
{
    const struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;

    *code = getaddrinfo(name, NULL, &hints, &found);
    if (*code != 0) {
        return *code == EAI_NONAME ? CAM_NOT_FOUND : CAM_IO;
    }
    *address = ((const struct sockaddr_in *)(const void *)found->ai_addr)->sin_addr;
    freeaddrinfo(found);
    return CAM_OK;
}

static struct posix_question *next_question(struct posix_resolver *resolver)
{
    struct posix_question *next = NULL;

    for (unsigned lane = 0; lane < CAM_LANES; lane++) {
        struct posix_question *question = &resolver->questions[lane];

        if (question->state == POSIX_QUESTION_ASKED && (next == NULL || question->number < next->number)) {
            next = question;
        }
    }
    return next;
}

static void *answer(void *context)
{
    struct posix_resolver *resolver = context;

    (void)pthread_mutex_lock(&resolver->mutex);
    for (;;) {
        struct posix_question *question = next_question(resolver);
        struct posix_question asked;

        if (question == NULL) {
            (void)pthread_cond_wait(&resolver->asked, &resolver->mutex);
            continue;
        }
        asked = *question;
        (void)pthread_mutex_unlock(&resolver->mutex);
        asked.status = look_up(asked.name, &asked.address, &asked.code);
        asked.state = POSIX_QUESTION_ANSWERED;
        (void)pthread_mutex_lock(&resolver->mutex);
        if (question->state == POSIX_QUESTION_ASKED && question->number == asked.number) {
            *question = asked;
            posix_wake_call(resolver->wake);
        }
    }
    return NULL;
}

/* Signals are for the thread of the loop. */
static bool start(struct posix_resolver *resolver)
{
    sigset_t all;
    sigset_t kept;
    pthread_t thread;

    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &kept);
    resolver->runs = pthread_create(&thread, NULL, answer, resolver) == 0;
    (void)pthread_sigmask(SIG_SETMASK, &kept, NULL);
    return resolver->runs && pthread_detach(thread) == 0;
}

void posix_resolver_init(struct posix_resolver *resolver, const struct posix_wake *wake)
{
    memset(resolver, 0, sizeof *resolver);
    resolver->wake = wake;
    (void)pthread_mutex_init(&resolver->mutex, NULL);
    (void)pthread_cond_init(&resolver->asked, NULL);
}

static enum cam_status ask_locked(struct posix_resolver *resolver, struct posix_question *question,
                                  const char *name, struct in_addr *address, int *code)
{
    if (question->state == POSIX_QUESTION_ANSWERED) {
        *address = question->address;
        *code = question->code;
        question->state = POSIX_QUESTION_NONE;
        return question->status;
    }
    if (question->state == POSIX_QUESTION_ASKED) {
        return CAM_AGAIN;
    }
    if (!cam_text_copy(question->name, sizeof question->name, name)) {
        return CAM_TOO_LONG;
    }
    if (!resolver->runs && !start(resolver)) {
        return CAM_IO;
    }
    question->number = resolver->next_number++;
    question->state = POSIX_QUESTION_ASKED;
    (void)pthread_cond_signal(&resolver->asked);
    return CAM_AGAIN;
}

enum cam_status posix_resolver_ask(struct posix_resolver *resolver, unsigned lane, const char *name,
                                   struct in_addr *address, int *code)
{
    enum cam_status status;

    if (inet_pton(AF_INET, name, address) == 1) {
        return CAM_OK;
    }
    (void)pthread_mutex_lock(&resolver->mutex);
    status = ask_locked(resolver, &resolver->questions[lane], name, address, code);
    (void)pthread_mutex_unlock(&resolver->mutex);
    return status;
}

void posix_resolver_abandon(struct posix_resolver *resolver, unsigned lane)
{
    (void)pthread_mutex_lock(&resolver->mutex);
    resolver->questions[lane].state = POSIX_QUESTION_NONE;
    (void)pthread_mutex_unlock(&resolver->mutex);
}
