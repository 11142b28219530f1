# SPDX-License-Identifier: Apache-2.0
"""The build must not depend on the headers and the compiler of one day."""

import re
import shutil
import subprocess

import pytest
from test_layers import INCLUDE, ROOT, code, tracked, without_comments

COMPILERS = [name for name in ("g++", "clang++") if shutil.which(name)]


def compile_only(compiler, text, language="c++"):
    standard = "-std=gnu++20" if language == "c++" else "-std=gnu17"
    return subprocess.run([compiler, "-x", language, standard, "-fsyntax-only", "-fmax-errors=0", "-"]
                          if compiler == "g++" or compiler == "gcc" else
                          [compiler, "-x", language, standard, "-fsyntax-only", "-ferror-limit=0", "-"],
                          input=text, capture_output=True, text=True)


def sources(*folders):
    return [name for name in tracked() if code(name) and name.split("/")[0] in folders]


def kernel_headers():
    """Those that C++ of ours includes. The stub's are read with nothing of libc before them."""
    return sorted({header
                   for name in sources("base", "oci", "cgroups", "runtime", "tests")
                   for quote, header in INCLUDE.findall(without_comments((ROOT / name).read_text()))
                   if quote == "<" and header.startswith(("linux/", "asm/"))})


@pytest.mark.parametrize("compiler", COMPILERS)
@pytest.mark.parametrize("header", kernel_headers())
def test_a_kernel_header_is_cpp_by_itself(header, compiler):
    done = compile_only(compiler, f"#include <{header}>\n")
    assert done.returncode == 0, done.stderr


# Where the kernel says what base/kernel_abi.h says.
ABI_HEADERS = ["linux/ioprio.h", "linux/memfd.h", "linux/seccomp.h", "linux/stat.h", "linux/pidfd.h"]


def abi_constants():
    text = (ROOT / "base/kernel_abi.h").read_text()
    return re.findall(r"^inline constexpr [\w: ]+ (\w+) = ([^;]+);", text, re.MULTILINE)


def is_known(name):
    probe = "".join(f"#include <{header}>\n" for header in ABI_HEADERS) + f"long x = (long){name};\n"
    return compile_only("gcc", probe, "c").returncode == 0


@pytest.mark.parametrize("name, value", abi_constants())
def test_a_constant_of_ours_is_the_kernels(name, value):
    kernel_name = name.upper()
    if not is_known(kernel_name):
        assert name not in ("ioprio_class_shift", "ioprio_class_rt"), "the oldest headers have it"
        return  # these headers are older than it
    check = "".join(f"#include <{header}>\n" for header in ABI_HEADERS)
    check += f'_Static_assert(({kernel_name}) == ({value}), "");\n'
    done = compile_only("gcc", check, "c")
    assert done.returncode == 0, done.stderr


# ---- Names ---------------------------------------------------------------------------------------

# A function of ours with the name of one in std is called without std:: only as long as no argument
# has a type of std: argument-dependent look-up then finds both (std::quoted took ours in g++ 13).
FREE_FUNCTION = re.compile(r"^(?:template <[^\n]*>\n)?(?!return\b|using\b|TEST_CASE|#|//)"
                           r"[A-Za-z_][\w:<>,*&\[\] ]*[ *&](\w+)\((?!\*)[^;{]*[;{]", re.MULTILINE)


def free_functions(text):
    return {name for name in FREE_FUNCTION.findall(without_comments(text))}


def names_in_std(names):
    """Those of the names that a whole standard library has in std."""
    names = sorted(names)
    text = "#include <bits/stdc++.h>\n" + "".join(
        f"namespace n{i} {{ using std::{name}; }}\n" for i, name in enumerate(names))
    errors = compile_only("g++", text.replace("-std=gnu++20", "-std=gnu++23")).stderr
    missing = {int(line) - 2 for line in re.findall(r"<stdin>:(\d+):\d+: error", errors)}
    return {name for i, name in enumerate(names) if i not in missing}


# Of C++23 and later, which the compiler of Debian 12 does not have yet.
STD_TO_COME = {"print", "println", "start_lifetime_as", "unreachable", "byteswap", "to_underlying"}


def test_no_function_of_ours_has_the_name_of_one_in_std():
    ours = {}
    for name in sources("base", "oci", "cgroups", "runtime"):
        for function in free_functions((ROOT / name).read_text()):
            ours.setdefault(function, []).append(name)
    assert len(ours) > 500, "the functions are not found any more"
    clashes = names_in_std(ours.keys()) | (STD_TO_COME & ours.keys())
    assert {name: ours[name] for name in clashes} == {}


@pytest.mark.parametrize("text, found", [
    ("std::string quoted(std::string_view text);\n", {"quoted"}),
    ("const Option* find(std::string_view name) {\n", {"find"}),
    ("template <class T>\nT& at(std::vector<T>& list, int i) {\n", {"at"}),
    ("void Store::remove(const Entry& entry) const {\n", set()),
    ("  void inside_a_class();\n", set()),
    ("// void in_a_comment();\n", set()),
])
def test_functions_are_found(text, found):
    assert free_functions(text) == found


def test_names_of_std_are_known():
    assert names_in_std({"quoted", "find", "tare"}) == {"quoted", "find"}
