/**
 * The seccomp filter of a confinement, as the BPF program the kernel takes: built here, so that nothing has to be
 * installed.
 */
import { forbidden, judged, locks, newest, signals, traces, unknown } from './syscalls.ts'

// linux/bpf_common.h, linux/seccomp.h, linux/audit.h
const load = 0x20
const jumpEqual = 0x15
const jumpGreaterEqual = 0x35
const jumpSet = 0x45
const answer = 0x06
const allow = 0x7fff0000
const killProcess = 0x80000000
const errno = (e: number): number => 0x00050000 | e
const EPERM = 1
const ENOSYS = 38
const processors = { x64: { column: 0, audit: 0xc000003e }, arm64: { column: 1, audit: 0xc00000b7 } } as const
const offset = { number: 0, processor: 4, argument: (i: number): number => 16 + 8 * i }
/**
 * CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET; NEWTIME (0x80) only exists for clone3 and unshare.
 */
const newNamespaces = 0x00020000 | 0x02000000 | 0x04000000 | 0x08000000 | 0x10000000 | 0x20000000 | 0x40000000
const AF_UNIX = 1
const TIOCSTI = 0x5412
const TIOCLINUX = 0x541c
const TIOCSETD = 0x5423

/** The processors a filter can be made for. */
export const canFilter = (arch: string): arch is keyof typeof processors => arch in processors

/**
 * A filter for `arch`: system calls of `syscalls.ts` fail with EPERM, new namespaces, sockets of any family and typing
 * into a terminal included; newer calls and those whose flags a filter cannot read fail with ENOSYS; taking a lock on a
 * file is answered as done; calls of another processor's table kill the process. `noSignals` forbids signals as well;
 * `tracesAllowed` leaves locks and what one run could see of another: for code that no other run is compared with.
 */
export function seccompFilter(
  arch: keyof typeof processors,
  { noSignals = false, tracesAllowed = false } = {},
): Uint8Array {
  const { column, audit } = processors[arch]
  const program: [code: number, ifTrue: number, ifFalse: number, k: number][] = []
  const say = (code: number, operand: number, ifTrue = 0, ifFalse = 0): void => {
    program.push([code, ifTrue, ifFalse, operand >>> 0])
  }
  const refuse = (number: number, errorNumber: number): void => {
    if (number < 0) return
    say(jumpEqual, number, 0, 1)
    say(answer, errno(errorNumber))
  }
  say(load, offset.processor)
  say(jumpEqual, audit, 1, 0)
  say(answer, killProcess)
  say(load, offset.number)
  // x86_64's second table (x32) has numbers from 0x40000000 on, so it falls here too.
  say(jumpGreaterEqual, newest, 0, 1)
  say(answer, errno(ENOSYS))
  for (const numbers of Object.values(unknown)) refuse(numbers[column], ENOSYS)
  for (const numbers of [forbidden, ...(noSignals ? [signals] : []), ...(tracesAllowed ? [] : [traces])].flatMap(
    (table) => Object.values(table),
  ))
    refuse(numbers[column], EPERM)
  // clone: no new namespace
  say(jumpEqual, judged.clone[column], 0, 4)
  say(load, offset.argument(0))
  say(jumpSet, newNamespaces, 0, 1)
  say(answer, errno(EPERM))
  say(answer, allow)
  // socketpair: within the process family only (asyncio and multiprocessing use it)
  say(jumpEqual, judged.socketpair[column], 0, 4)
  say(load, offset.argument(0))
  say(jumpEqual, AF_UNIX, 1, 0)
  say(answer, errno(EPERM))
  say(answer, allow)
  if (!tracesAllowed) {
    refuse(locks.flock[column], 0)
    const commands = [
      ...locks.pretended.map((command) => [command, 0] as const),
      ...locks.refused.map((command) => [command, EPERM] as const),
    ]
    say(jumpEqual, locks.fcntl[column], 0, 2 + 2 * commands.length)
    say(load, offset.argument(1))
    for (const [command, errorNumber] of commands) refuse(command, errorNumber)
    say(answer, allow)
  }
  // ioctl: no typing into a terminal, no line disciplines
  say(jumpEqual, judged.ioctl[column], 0, 5)
  say(load, offset.argument(1))
  for (const [index, request] of [TIOCSTI, TIOCLINUX, TIOCSETD].entries())
    say(jumpEqual, request, 2 - index, index === 2 ? 1 : 0)
  say(answer, errno(EPERM))
  say(answer, allow)
  const bytes = new DataView(new ArrayBuffer(program.length * 8))
  for (const [index, [code, ifTrue, ifFalse, operand]] of program.entries()) {
    bytes.setUint16(index * 8, code, true)
    bytes.setUint8(index * 8 + 2, ifTrue)
    bytes.setUint8(index * 8 + 3, ifFalse)
    bytes.setUint32(index * 8 + 4, operand, true)
  }
  return new Uint8Array(bytes.buffer)
}
