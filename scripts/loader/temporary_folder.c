/* Runs in the one-file executable before PyInstaller's loader unpacks it (Linux): chooses a folder for temporary files
 * that has room and may run programs, or says why there is none and ends with code 2.
 *
 * scripts/loader.py links it into the loader; the exit codes are those of the program (docs/troubleshooting.md).
 */
#define _GNU_SOURCE
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

/* What the program needs unpacked, and room for its own temporary files beside it. */
#ifndef NEEDED_MIB
#define NEEDED_MIB 80
#endif
#define WRONG_USE 2
#define LONGEST 8192

/* The loader takes the first three; the others are tried when none of those will do. */
static const char *const NAMES[] = {"TMPDIR", "TEMP", "TMP"};
static const char *const FOLDERS[] = {"/tmp", "/var/tmp", "/dev/shm"};

/* What is wrong with a folder; NULL when the program can be unpacked and run there. */
static const char *wrong_with(const char *folder)
{
    static char text[64];
    struct stat is;
    struct statvfs room;

    if (stat(folder, &is) != 0 || !S_ISDIR(is.st_mode))
        return "is not there";
    if (statvfs(folder, &room) != 0)
        return "cannot be looked at";
    if (room.f_flag & ST_NOEXEC)
        return "must not hold programs (mounted noexec)";
    if (access(folder, W_OK | X_OK) != 0)
        return "cannot be written";
    unsigned long long free_mib = (unsigned long long)room.f_bavail * room.f_frsize >> 20;
    if (free_mib < NEEDED_MIB) {
        snprintf(text, sizeof text, "has only %llu MiB of room", free_mib);
        return text;
    }
    return NULL;
}

/* The loader starts the program with this variable once it is unpacked. In a folder of files nothing is unpacked. */
static int is_unpacked(void)
{
    char own[PATH_MAX], beside[PATH_MAX + sizeof "/_internal"];
    ssize_t length = readlink("/proc/self/exe", own, sizeof own - 1);
    const char *archive = getenv("_PYI_ARCHIVE_FILE");
    char *end;

    if (length < 0)
        return 1;
    own[length] = '\0';
    if (archive != NULL && strcmp(archive, own) == 0)
        return 1;
    strcpy(beside, own);
    end = strrchr(beside, '/');
    strcpy(end == NULL ? beside : end, "/_internal");
    return access(beside, F_OK) == 0;
}

static int is_read(void)
{
    struct stat is;

    return isatty(STDERR_FILENO) || (fstat(STDERR_FILENO, &is) == 0 && (S_ISFIFO(is.st_mode) || S_ISREG(is.st_mode)));
}

/* In a box, by whatever the desktop has for that. */
static void show(const char *text)
{
    pid_t child = fork();

    if (child == 0) {
        execlp("zenity", "zenity", "--error", "--no-markup", "--title=StableNew", "--text", text, (char *)NULL);
        execlp("kdialog", "kdialog", "--title", "StableNew", "--error", text, (char *)NULL);
        execlp("xmessage", "xmessage", "-center", text, (char *)NULL);
        _exit(127);
    }
    if (child > 0)
        waitpid(child, NULL, 0);
}

static int tried(const char *folder, char *said, int is_first)
{
    const char *wrong = wrong_with(folder);
    size_t length = strlen(said);

    if (wrong == NULL) {
        if (!is_first)
            setenv("TMPDIR", folder, 1);
        return 1;
    }
    snprintf(said + length, LONGEST - length, "    %s %s\n", folder, wrong);
    return 0;
}

__attribute__((constructor)) static void choose_folder(void)
{
    static char said[LONGEST];
    size_t length, i;
    int is_first = 1;

    if (is_unpacked())
        return;
    snprintf(said, sizeof said,
             "StableNew cannot start: it finds no folder for temporary files in which it can unpack itself (%d MiB) "
             "and run.\n", NEEDED_MIB);
    for (i = 0; i < sizeof NAMES / sizeof *NAMES; i++) {
        const char *folder = getenv(NAMES[i]);
        if (folder == NULL || *folder == '\0')
            continue;
        if (tried(folder, said, is_first))
            return;
        is_first = 0;
    }
    for (i = 0; i < sizeof FOLDERS / sizeof *FOLDERS; i++) {
        if (tried(FOLDERS[i], said, is_first))
            return;
        is_first = 0;
    }
    length = strlen(said);
    snprintf(said + length, sizeof said - length,
             "Make room, set TMPDIR to another folder, or take the archive with the folder, which does not unpack.\n");
    fputs(said, stderr);
    if (!is_read() && getenv("DISPLAY") != NULL)
        show(said);
    exit(WRONG_USE);
}
