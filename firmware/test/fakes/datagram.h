/* Multicast DNS answers put together record by record, right or wrong. */
#ifndef DATAGRAM_H
#define DATAGRAM_H

#include <stddef.h>
#include <stdint.h>

struct datagram {
    uint8_t data[1500];
    size_t len_bytes;
};

/* The header of an answer with so many questions and records in its sections. */
void datagram_init(struct datagram *datagram, uint16_t questions, uint16_t answers, uint16_t authorities,
                   uint16_t additionals);

/* Whole ones. */
void datagram_add_question(struct datagram *datagram, const char *name);
void datagram_add_pointer(struct datagram *datagram, const char *name, const char *instance);
void datagram_add_service(struct datagram *datagram, const char *name, const char *target, uint16_t port);
void datagram_add_address(struct datagram *datagram, const char *name, uint8_t a, uint8_t b, uint8_t c,
                          uint8_t d);
void datagram_add_text(struct datagram *datagram, const char *name);

/* Parts. */
void datagram_add_bytes(struct datagram *datagram, const char *bytes, size_t len_bytes);
void datagram_add_name(struct datagram *datagram, const char *name);
void datagram_add_label(struct datagram *datagram, const char *label);
void datagram_add_jump(struct datagram *datagram, size_t to);
/* What follows the name of a service record. */
void datagram_add_service_data(struct datagram *datagram, const char *target, uint16_t port);

#endif
