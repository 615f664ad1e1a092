#include "cam/json_writer.h"

void cam_json_writer_init(struct cam_json_writer *writer, struct cam_text *text)
{
    writer->text = text;
    writer->needs_comma = false;
}

static void begin_value(struct cam_json_writer *writer, const char *name)
{
    if (writer->needs_comma) {
        cam_text_add(writer->text, ",");
    }
    writer->needs_comma = true;
    if (name != NULL) {
        cam_text_add(writer->text, "\"");
        cam_text_add(writer->text, name);
        cam_text_add(writer->text, "\":");
    }
}

static void begin_group(struct cam_json_writer *writer, const char *name, const char *bracket)
{
    begin_value(writer, name);
    cam_text_add(writer->text, bracket);
    writer->needs_comma = false;
}

static void end_group(struct cam_json_writer *writer, const char *bracket)
{
    cam_text_add(writer->text, bracket);
    writer->needs_comma = true;
}

void cam_json_begin_object(struct cam_json_writer *writer, const char *name)
{
    begin_group(writer, name, "{");
}

void cam_json_end_object(struct cam_json_writer *writer)
{
    end_group(writer, "}");
}

void cam_json_begin_array(struct cam_json_writer *writer, const char *name)
{
    begin_group(writer, name, "[");
}

void cam_json_end_array(struct cam_json_writer *writer)
{
    end_group(writer, "]");
}

void cam_json_add_string(struct cam_json_writer *writer, const char *name, const char *value)
{
    begin_value(writer, name);
    cam_text_add(writer->text, "\"");
    for (; *value != '\0'; value++) {
        uint8_t byte = (uint8_t)*value;
        if (byte < 0x20) {
            cam_text_add(writer->text, "\\u00");
            cam_text_add_hex(writer->text, &byte, 1);
        } else {
            if (*value == '"' || *value == '\\') {
                cam_text_add(writer->text, "\\");
            }
            cam_text_add_bytes(writer->text, value, 1);
        }
    }
    cam_text_add(writer->text, "\"");
}

void cam_json_add_uint(struct cam_json_writer *writer, const char *name, uint64_t value)
{
    begin_value(writer, name);
    cam_text_add_uint(writer->text, value);
}

void cam_json_add_int(struct cam_json_writer *writer, const char *name, int64_t value)
{
    begin_value(writer, name);
    cam_text_add_int(writer->text, value);
}

void cam_json_add_bool(struct cam_json_writer *writer, const char *name, bool value)
{
    begin_value(writer, name);
    cam_text_add(writer->text, value ? "true" : "false");
}

void cam_json_add_milli(struct cam_json_writer *writer, const char *name, uint64_t value_milli)
{
    unsigned rest = (unsigned)(value_milli % 1000);

    cam_json_add_uint(writer, name, value_milli / 1000);
    if (rest != 0) {
        char digits[4] = {'.', (char)('0' + rest / 100), (char)('0' + rest / 10 % 10),
                          (char)('0' + rest % 10)};
        cam_text_add_bytes(writer->text, digits, sizeof digits);
    }
}
