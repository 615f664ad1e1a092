#include "cam/calendar.h"

#include <stdbool.h>
#include <string.h>

/* Days from 1970-01-01 by the civil calendar; the year begins in March so that the leap day is its last. */
static int64_t count_days(int year, int month, int day)
{
    int64_t y = month > 2 ? year : year - 1;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

    return y * 365 + y / 4 - y / 100 + y / 400 + of_year - 719468;
}

/* `count` digits; -1 if one of them is none. */
static int read_digits(const char *data, int count)
{
    int value = 0;

    for (int i = 0; i < count; i++) {
        if (data[i] < '0' || data[i] > '9') {
            return -1;
        }
        value = value * 10 + (data[i] - '0');
    }
    return value;
}

static int64_t count_seconds(int year, int month, int day, const char *time)
{
    int hour = read_digits(time, 2);
    int minute = read_digits(time + 3, 2);
    int second = read_digits(time + 6, 2);

    if (year < 1970 || month < 1 || month > 12 || day < 1 || day > 31 || hour < 0 || hour > 23 ||
        minute < 0 || minute > 59 || second < 0 || second > 60 || time[2] != ':' || time[5] != ':') {
        return -1;
    }
    return count_days(year, month, day) * 86400 + hour * 3600 + minute * 60 + second;
}

int64_t cam_calendar_read_http(const char *data, size_t len_bytes)
{
    static const char s_months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    int month = 0;

    if (len_bytes != 29 || data[3] != ',' || data[4] != ' ' || data[7] != ' ' || data[11] != ' ' ||
        data[16] != ' ' || memcmp(data + 25, " GMT", 4) != 0) {
        return -1;
    }
    for (int i = 0; i < 12; i++) {
        if (memcmp(data + 8, s_months + (ptrdiff_t)3 * i, 3) == 0) {
            month = i + 1;
        }
    }
    return count_seconds(read_digits(data + 12, 4), month, read_digits(data + 5, 2), data + 17);
}

int64_t cam_calendar_read_rfc3339(const char *data, size_t len_bytes)
{
    int64_t seconds;
    int64_t fraction_ms = 0;
    int weight_ms = 100;
    size_t at = 19;

    if (len_bytes < 20 || data[4] != '-' || data[7] != '-' || data[10] != 'T') {
        return -1;
    }
    seconds =
        count_seconds(read_digits(data, 4), read_digits(data + 5, 2), read_digits(data + 8, 2), data + 11);
    if (data[at] == '.') {
        for (at++; at < len_bytes && data[at] >= '0' && data[at] <= '9'; at++) {
            fraction_ms += (int64_t)weight_ms * (data[at] - '0');
            weight_ms /= 10;
        }
    }
    if (seconds < 0 || at + 1 != len_bytes || data[at] != 'Z') {
        return -1;
    }
    return seconds * 1000 + fraction_ms;
}
