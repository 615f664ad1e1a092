#include "testing.h"

#include <stdio.h>

size_t testing_load(const char *name, char *data, size_t cap_bytes)
{
    char path[512];
    FILE *file;
    size_t len_bytes;

    (void)snprintf(path, sizeof path, "%s/%s", CONTRACT_DIR, name);
    file = fopen(path, "rb");
    if (file == NULL) {
        fail_msg("cannot open %s", path);
        return 0;
    }
    len_bytes = fread(data, 1, cap_bytes, file);
    assert_true(feof(file) || fgetc(file) == EOF);
    (void)fclose(file);
    return len_bytes;
}
