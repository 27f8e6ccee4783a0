"""Writes the Markdown files of a folder into a C source file."""

import os
import sys


def quoted(data):
    """C string literals, one a line of the file; every byte is safe."""
    out = []
    for line in data.splitlines(keepends=True):
        text = ""
        for byte in line:
            if 0x20 <= byte < 0x7F and chr(byte) not in '"\\?':
                text += chr(byte)
            else:
                text += "\\%03o" % byte
        out.append('\t    "%s"' % text)
    return "\n".join(out) or '\t    ""'


def main():
    target, root, *paths = sys.argv[1:]
    with open(target, "w", encoding="ascii") as out:
        out.write("/* Made from Markdown files by embed.py. */\n\n")
        out.write('#include "services/task-engine/doors/starter.h"\n\n')
        # Not every literal fits the 4095 bytes of C99; our compilers take it.
        out.write('#pragma GCC diagnostic ignored "-Woverlength-strings"\n\n')
        out.write("const struct starter_file starter_files[] = {\n")
        for path in paths:
            with open(path, "rb") as source:
                data = source.read()
            name = os.path.relpath(path, root)
            out.write('\t{ "%s",\n%s },\n' % (name, quoted(data)))
        out.write("};\n\n")
        out.write("const size_t n_starter_files = N_OF(starter_files);\n")


main()
