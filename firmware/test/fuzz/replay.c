/* Runs a fuzz target over the files and folders that are named, once each: the seeds as a test, with any
 * compiler. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len_bytes);

static uint8_t s_data[1 << 20];

static int replay_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    size_t len_bytes;

    if (file == NULL) {
        return 0;
    }
    len_bytes = fread(s_data, 1, sizeof s_data, file);
    (void)fclose(file);
    (void)LLVMFuzzerTestOneInput(s_data, len_bytes);
    return 1;
}

int main(int argc, char **argv)
{
    int count = 0;

    for (int i = 1; i < argc; i++) {
        DIR *folder = opendir(argv[i]);
        struct dirent *entry;
        char path[4096];

        if (folder == NULL) {
            count += replay_file(argv[i]);
            continue;
        }
        while ((entry = readdir(folder)) != NULL) {
            if (entry->d_name[0] != '.') {
                (void)snprintf(path, sizeof path, "%s/%s", argv[i], entry->d_name);
                count += replay_file(path);
            }
        }
        (void)closedir(folder);
    }
    (void)printf("%d inputs\n", count);
    return count > 0 ? 0 : 1;
}
