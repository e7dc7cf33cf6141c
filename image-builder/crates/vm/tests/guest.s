# A system of one sector, for tests of the machine around it: starts within a second and shows
# what reaches it. Assembled by as(1) and ld(1) to lie at 0x7c00.
#
#   GUEST-READY        at the start, on the serial line and on the screen
#   READ-OK, READ-BAD  whether sector 100 of its own disk can be read
#   KEY:x, SER:x       a key was pressed, a character came over the serial line
#
# An `o` switches the machine off, an `r` resets it.
.code16
.globl _start
_start:
    xor %ax, %ax
    mov %ax, %ds
    mov %ax, %es
    mov %ax, %ss
    mov $0x7c00, %sp
    cld
    push %dx
    mov $ready, %si
    call print
    pop %dx
    # Extended read (INT 13h, AH=42h) of the packet below, from the disk that the BIOS left in DL.
    mov $0x42, %ah
    mov $packet, %si
    int $0x13
    mov $good, %si
    jnc 1f
    mov $bad, %si
1:  call print
look:
    mov $1, %ah
    int $0x16
    jz serial
    xor %ah, %ah
    int $0x16
    mov $key, %si
    call show
serial:
    mov $0x3fd, %dx
    in %dx, %al
    test $1, %al
    jz look
    mov $0x3f8, %dx
    in %dx, %al
    mov $ser, %si
    call show
    jmp look

# Prints the text at SI and the character in AL, then obeys it.
show:
    push %ax
    call print
    pop %ax
    push %ax
    call put
    mov $end, %si
    call print
    pop %ax
    cmp $'r', %al
    je reset
    cmp $'o', %al
    jne return
    # Soft off, where SeaBIOS puts the power management of the Q35 chipset.
    mov $0x604, %dx
    mov $0x2000, %ax
    out %ax, %dx
    # QEMU goes on for a moment.
3:  hlt
    jmp 3b
reset:
    mov $0xcf9, %dx
    mov $6, %al
    out %al, %dx
    hlt

print:
    lodsb
    test %al, %al
    jz return
    call put
    jmp print

# Prints AL on the screen and on the first serial port.
put:
    push %ax
    mov $0x0e, %ah
    xor %bx, %bx
    int $0x10
    mov $0x3fd, %dx
2:  in %dx, %al
    test $0x20, %al
    jz 2b
    pop %ax
    mov $0x3f8, %dx
    out %al, %dx
return:
    ret

packet: .byte 16, 0
    .word 1, 0x8000, 0
    .quad 100
ready: .asciz "GUEST-READY\r\n"
good: .asciz "READ-OK\r\n"
bad: .asciz "READ-BAD\r\n"
key: .asciz "KEY:"
ser: .asciz "SER:"
end: .asciz "\r\n"
    .org 510
    .word 0xaa55
