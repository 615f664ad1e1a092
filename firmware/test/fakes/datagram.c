#include "datagram.h"

#include "testing.h"

void datagram_add_bytes(struct datagram *datagram, const char *bytes, size_t len_bytes)
{
    assert_true(len_bytes <= sizeof datagram->data - datagram->len_bytes);
    memcpy(datagram->data + datagram->len_bytes, bytes, len_bytes);
    datagram->len_bytes += len_bytes;
}

static void add_u16(struct datagram *datagram, unsigned value)
{
    const char bytes[2] = {(char)(value >> 8), (char)value};

    datagram_add_bytes(datagram, bytes, sizeof bytes);
}

void datagram_init(struct datagram *datagram, uint16_t questions, uint16_t answers, uint16_t authorities,
                   uint16_t additionals)
{
    datagram->len_bytes = 0;
    add_u16(datagram, 0);
    add_u16(datagram, 0x8400);
    add_u16(datagram, questions);
    add_u16(datagram, answers);
    add_u16(datagram, authorities);
    add_u16(datagram, additionals);
}

void datagram_add_label(struct datagram *datagram, const char *label)
{
    const char len_bytes = (char)strlen(label);

    datagram_add_bytes(datagram, &len_bytes, 1);
    datagram_add_bytes(datagram, label, strlen(label));
}

void datagram_add_name(struct datagram *datagram, const char *name)
{
    char label[64];

    while (*name != '\0') {
        size_t len_bytes = strcspn(name, ".");

        assert_true(len_bytes < sizeof label);
        memcpy(label, name, len_bytes);
        label[len_bytes] = '\0';
        datagram_add_label(datagram, label);
        name += len_bytes + (name[len_bytes] == '.');
    }
    datagram_add_bytes(datagram, "", 1);
}

void datagram_add_jump(struct datagram *datagram, size_t to)
{
    add_u16(datagram, 0xC000u | (unsigned)to);
}

void datagram_add_question(struct datagram *datagram, const char *name)
{
    datagram_add_name(datagram, name);
    add_u16(datagram, 12);
    add_u16(datagram, 1);
}

/* Type, class, two minutes to live, and a place for the length, which is returned. */
static size_t begin_data(struct datagram *datagram, unsigned type)
{
    add_u16(datagram, type);
    add_u16(datagram, 0x8001);
    add_u16(datagram, 0);
    add_u16(datagram, 120);
    add_u16(datagram, 0);
    return datagram->len_bytes;
}

static void end_data(struct datagram *datagram, size_t start)
{
    datagram->data[start - 2] = (uint8_t)((datagram->len_bytes - start) >> 8);
    datagram->data[start - 1] = (uint8_t)(datagram->len_bytes - start);
}

void datagram_add_pointer(struct datagram *datagram, const char *name, const char *instance)
{
    size_t start;

    datagram_add_name(datagram, name);
    start = begin_data(datagram, 12);
    datagram_add_name(datagram, instance);
    end_data(datagram, start);
}

void datagram_add_service_data(struct datagram *datagram, const char *target, uint16_t port)
{
    size_t start = begin_data(datagram, 33);

    add_u16(datagram, 0);
    add_u16(datagram, 0);
    add_u16(datagram, port);
    datagram_add_name(datagram, target);
    end_data(datagram, start);
}

void datagram_add_service(struct datagram *datagram, const char *name, const char *target, uint16_t port)
{
    datagram_add_name(datagram, name);
    datagram_add_service_data(datagram, target, port);
}

void datagram_add_address(struct datagram *datagram, const char *name, uint8_t a, uint8_t b, uint8_t c,
                          uint8_t d)
{
    const char bytes[4] = {(char)a, (char)b, (char)c, (char)d};
    size_t start;

    datagram_add_name(datagram, name);
    start = begin_data(datagram, 1);
    datagram_add_bytes(datagram, bytes, sizeof bytes);
    end_data(datagram, start);
}

void datagram_add_text(struct datagram *datagram, const char *name)
{
    size_t start;

    datagram_add_name(datagram, name);
    start = begin_data(datagram, 16);
    datagram_add_label(datagram, "path=/api");
    datagram_add_label(datagram, "version=1");
    end_data(datagram, start);
}
