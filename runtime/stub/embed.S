// SPDX-License-Identifier: Apache-2.0
//
// The stub's ELF file, as it was linked, between two symbols:
//   extern "C" const unsigned char tare_stub_begin[], tare_stub_end[];
    .section .rodata.tare_stub, "a", %progbits
    .balign 16
    .globl tare_stub_begin
    .hidden tare_stub_begin
tare_stub_begin:
    .incbin TARE_STUB_ELF
    .globl tare_stub_end
    .hidden tare_stub_end
tare_stub_end:

    .section .note.GNU-stack, "", %progbits
