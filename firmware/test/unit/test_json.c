#include "cam/json_reader.h"
#include "cam/json_writer.h"

#include "testing.h"

static enum cam_status parse(const char *text, struct cam_json *root)
{
    return cam_json_parse(text, strlen(text), root);
}

static struct cam_json value_of(const char *text)
{
    struct cam_json root;

    assert_int_equal(parse(text, &root), CAM_OK);
    return root;
}

static void test_what_is_json_and_what_is_not(void **state)
{
    static const char *const s_good[] = {
        "{}",
        "[]",
        " { } ",
        "[ ]",
        "null",
        "true",
        "false",
        "0",
        "-0",
        "1.5",
        "1e3",
        "1E+3",
        "1e-3",
        "\"\"",
        "\"\\u00e4\\n\\\"\"",
        "[1,2 , 3]",
        "{\"a\":1,\"b\":{\"c\":[{}]}}",
        "\t{\"a\"\r:\n1}\n",
        "[[],[[]],{}]",
        "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]",
    };
    static const char *const s_bad[] = {
        "",
        " ",
        "{",
        "}",
        "[",
        "]",
        "{]",
        "[}",
        "[1,]",
        "[,1]",
        "[1 2]",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{1:2}",
        "{\"a\":1 \"b\":2}",
        "{\"a\":1,2}",
        "nul",
        "tru",
        "fals",
        "nulll",
        "NaN",
        "-",
        "01",
        "1.",
        ".5",
        "1e",
        "1e+",
        "+1",
        "\"",
        "\"\\",
        "\"\\x\"",
        "\"\\u12\"",
        "\"\\u12g4\"",
        "\"\n\"",
        "1 2",
        "{} {}",
        "'a'",
        "{\"a\":1}x",
        "\"\\u",
        "[\"a",
        "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]",
        "[1",
        "{\"a\":1",
        "{\"a",
        "{\"a\"",
        "{\"a\":",
    };
    struct cam_json root;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(s_good); i++) {
        if (parse(s_good[i], &root) != CAM_OK) {
            fail_msg("refused: %s", s_good[i]);
        }
    }
    for (size_t i = 0; i < COUNT_OF(s_bad); i++) {
        if (parse(s_bad[i], &root) != CAM_GARBAGE) {
            fail_msg("accepted: %s", s_bad[i]);
        }
    }
    /* NUL ends no string here: lengths do. */
    assert_int_equal(cam_json_parse("\"a\0b\"", 5, &root), CAM_GARBAGE);
    assert_int_equal(cam_json_parse("\"\\\0\"", 4, &root), CAM_GARBAGE);
    assert_int_equal(cam_json_parse("1\0", 2, &root), CAM_GARBAGE);
}

static void test_members_are_found(void **state)
{
    struct cam_json root =
        value_of(" {\"ab\" : 1, \"a\": {\"b\": true} ,\"c\":[\"x\", [2], {}],\"a\":3,\"e\":\"x\"}");
    struct cam_json value;
    struct cam_json inner;
    uint64_t number = 0;
    bool flag = false;
    size_t at = 0;

    (void)state;
    assert_int_equal(cam_json_find(root, "ab", &value), CAM_OK);
    assert_int_equal(cam_json_read_uint(value, &number), CAM_OK);
    assert_int_equal(number, 1);
    assert_int_equal(cam_json_find(root, "a", &value), CAM_OK); /* the first one */
    assert_true(cam_json_is_object(value));
    assert_int_equal(cam_json_find(value, "b", &inner), CAM_OK);
    assert_int_equal(cam_json_read_bool(inner, &flag), CAM_OK);
    assert_true(flag);
    assert_int_equal(cam_json_find(value, "c", &inner), CAM_NOT_FOUND);
    assert_int_equal(cam_json_find(root, "x", &value), CAM_NOT_FOUND);
    assert_int_equal(cam_json_find(root, "c", &value), CAM_OK);
    assert_int_equal(cam_json_find(value, "c", &inner), CAM_NOT_FOUND); /* no object */
    assert_int_equal(cam_json_next(value, &at, &inner), CAM_OK);
    assert_true(cam_json_equals(inner, "x"));
    assert_false(cam_json_equals(inner, "y"));
    assert_false(cam_json_equals(inner, "xx"));
    assert_int_equal(cam_json_next(value, &at, &inner), CAM_OK);
    assert_false(cam_json_equals(inner, "2"));
    assert_int_equal(cam_json_next(value, &at, &inner), CAM_OK);
    assert_int_equal(cam_json_next(value, &at, &inner), CAM_NOT_FOUND);
    at = 0;
    assert_int_equal(cam_json_next(root, &at, &inner), CAM_NOT_FOUND); /* no array */
    assert_int_equal(cam_json_next(value_of("[]"), &at, &inner), CAM_NOT_FOUND);
}

static void test_members_are_walked(void **state)
{
    struct cam_json root = value_of("{ \"a\" : 1 , \"b\\\"\":null}");
    struct cam_json name;
    struct cam_json value;
    size_t at = 0;

    (void)state;
    assert_int_equal(cam_json_next_member(root, &at, &name, &value), CAM_OK);
    assert_int_equal(name.len_bytes, 1);
    assert_memory_equal(name.data, "a", 1);
    assert_int_equal(cam_json_next_member(root, &at, &name, &value), CAM_OK);
    assert_int_equal(name.len_bytes, 3);
    assert_true(cam_json_is_null(value));
    assert_int_equal(cam_json_next_member(root, &at, &name, &value), CAM_NOT_FOUND);
}

static void test_numbers(void **state)
{
    static const struct {
        const char *text;
        bool is_uint;
        uint64_t uint;
        bool is_milli;
        uint64_t milli;
    } s_cases[] = {
        {"0", true, 0, true, 0},
        {"1767225600412", true, 1767225600412, true, 1767225600412000},
        {"18446744073709551615", true, UINT64_MAX, false, 0},
        {"18446744073709551616", false, 0, false, 0},
        {"-1", false, 0, false, 0},
        {"1e3", false, 0, false, 0},
        {"12.5", false, 0, true, 12500},
        {"12.5678", false, 0, true, 12567},
        {"12.5e1", false, 0, false, 0},
        {"\"1\"", false, 0, false, 0},
        {"true", false, 0, false, 0},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(s_cases); i++) {
        uint64_t number = 77;
        assert_int_equal(cam_json_read_uint(value_of(s_cases[i].text), &number),
                         s_cases[i].is_uint ? CAM_OK : CAM_INVALID);
        assert_int_equal(number, s_cases[i].is_uint ? s_cases[i].uint : 77);
        number = 77;
        assert_int_equal(cam_json_read_milli(value_of(s_cases[i].text), &number),
                         s_cases[i].is_milli ? CAM_OK : CAM_INVALID);
        assert_int_equal(number, s_cases[i].is_milli ? s_cases[i].milli : 77);
    }
}

static void test_strings(void **state)
{
    static const struct {
        const char *text;
        enum cam_status status;
        const char *wanted;
    } s_cases[] = {
        {"\"abc\"", CAM_OK, "abc"},
        {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", CAM_OK, "\"\\/\b\f\n\r\t"},
        {"\"\\u0041\\u00e4\\u20ac\"", CAM_OK, "A\xc3\xa4\xe2\x82\xac"},
        {"\"\\ud83d\\ude00\"", CAM_OK, "\xf0\x9f\x98\x80"},
        {"\"\\ud83d\"", CAM_OK, "\xef\xbf\xbd"},
        {"\"\\ud83dx\"", CAM_OK, "\xef\xbf\xbdx"},
        {"\"\\ud83d\\n\"", CAM_OK, "\xef\xbf\xbd\n"},
        {"\"\\ud83d\\u0041\"", CAM_OK,
         "\xef\xbf\xbd"
         "A"},
        {"\"\\ude00\"", CAM_OK, "\xef\xbf\xbd"},
        {"\"a\\u0000b\"", CAM_INVALID, ""},
        {"\"123456789012345\"", CAM_OK, "123456789012345"},
        {"\"1234567890123456\"", CAM_TOO_LONG, ""},
        {"1", CAM_INVALID, ""},
    };
    char text[16];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(s_cases); i++) {
        assert_int_equal(cam_json_read_string(value_of(s_cases[i].text), text, sizeof text),
                         s_cases[i].status);
        assert_string_equal(text, s_cases[i].wanted);
    }
    assert_int_equal(cam_json_read_bool(value_of("null"), &(bool){false}), CAM_INVALID);
}

static void test_writing(void **state)
{
    char data[256];
    struct cam_text text;
    struct cam_json_writer writer;

    (void)state;
    cam_text_init(&text, data, sizeof data);
    cam_json_writer_init(&writer, &text);
    cam_json_begin_object(&writer, NULL);
    cam_json_add_string(&writer, "s", "a\"\\\n\x1f\xc3\xa4");
    cam_json_add_uint(&writer, "u", UINT64_MAX);
    cam_json_add_int(&writer, "i", INT64_MIN);
    cam_json_add_int(&writer, "j", 7);
    cam_json_add_bool(&writer, "t", true);
    cam_json_begin_array(&writer, "a");
    cam_json_add_string(&writer, NULL, "x");
    cam_json_begin_object(&writer, NULL);
    cam_json_end_object(&writer);
    cam_json_add_bool(&writer, NULL, false);
    cam_json_end_array(&writer);
    cam_json_add_milli(&writer, "m", 1767225600250);
    cam_json_add_milli(&writer, "n", 12000);
    cam_json_end_object(&writer);
    assert_true(cam_text_end(&text));
    assert_string_equal(data, "{\"s\":\"a\\\"\\\\\\u000a\\u001f\xc3\xa4\",\"u\":18446744073709551615,"
                              "\"i\":-9223372036854775808,\"j\":7,\"t\":true,\"a\":[\"x\",{},false],"
                              "\"m\":1767225600.250,\"n\":12}");
}

static void test_contract_documents_are_json_and_every_cut_is_not(void **state)
{
    static const char *const s_names[] = {"heartbeat/full.json", "commands/two.json", "register/secret.json"};
    static char data[8192];
    struct cam_json root;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(s_names); i++) {
        size_t len_bytes = testing_load(s_names[i], data, sizeof data);
        assert_int_equal(cam_json_parse(data, len_bytes, &root), CAM_OK);
        assert_true(cam_json_is_object(root));
        for (size_t cut = 0; cut + 2 < len_bytes; cut++) {
            assert_int_equal(cam_json_parse(data, cut, &root), CAM_GARBAGE);
        }
    }
}

RUN(TEST(test_what_is_json_and_what_is_not), TEST(test_members_are_found), TEST(test_members_are_walked),
    TEST(test_numbers), TEST(test_strings), TEST(test_writing),
    TEST(test_contract_documents_are_json_and_every_cut_is_not))
