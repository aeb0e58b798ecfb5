/** System calls from a trace of strace (-f -y -xx), in the order in which they were done. */
import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import type { Disk } from './powercut-disk.ts'

/** The system calls that change files or put them on the disk. */
export const traced =
  'openat,close,write,pwrite64,pwritev,pwritev2,writev,fsync,fdatasync,ftruncate,fallocate,rename,renameat,renameat2,' +
  'unlink,unlinkat,rmdir,mkdir,mkdirat,link,linkat,dup,dup2,dup3,copy_file_range,sendfile'

/** One call: its name, its arguments as they stand, and what it answered. */
export interface Call {
  name: string
  arguments: string
  answer: number
}

const bytesOf = (text: string): Buffer => Buffer.from(text.replaceAll('\\x', ''), 'hex')
const strings = (text: string): string[] => [...text.matchAll(/"([^"]*)"/g)].map(([, hex]) => bytesOf(hex!).toString())
const dataOf = (text: string): Buffer => bytesOf(/"([^"]*)"/.exec(text)?.[1] ?? '')
const numbersAfterData = (text: string): number[] =>
  text
    .slice(text.lastIndexOf('"') + 1)
    .split(',')
    .slice(1)
    .map(Number)

/** The calls of a trace. One that another thread interrupted is told where it ended. */
export async function* callsOf(file: string): AsyncGenerator<Call> {
  const begun = new Map<string, string>()
  for await (const line of createInterface({ input: createReadStream(file) })) {
    const [, thread, text] = /^(\d+)\s+(.*)$/.exec(line) ?? []
    if (thread === undefined || text === undefined) continue
    if (text.endsWith('<unfinished ...>')) {
      begun.set(thread, text.slice(0, -'<unfinished ...>'.length))
      continue
    }
    const rest = /^<\.\.\. \w+ resumed>(.*)$/.exec(text)?.[1]
    const whole = rest === undefined ? text : `${begun.get(thread) ?? ''}${rest}`
    const call = /^(\w+)\((.*)\)\s+= (-?\d+)/.exec(whole)
    if (call && Number(call[3]) >= 0) yield { name: call[1]!, arguments: call[2]!, answer: Number(call[3]) }
  }
}

/** The text that a call wrote to the process's output; undefined for other calls. */
export const told = (call: Call): string | undefined =>
  call.name === 'write' && /^1[<,]/.test(call.arguments) ? dataOf(call.arguments).toString() : undefined

/** Does to the disk what a call did. Throws for a call that the disk does not know. */
export function play(disk: Disk, { name, arguments: text, answer }: Call, synced: (path: string) => boolean): void {
  const fd = Number.parseInt(text, 10)
  switch (name) {
    case 'openat':
      return disk.open(answer, strings(text)[0]!, text)
    case 'close':
      return disk.close(fd)
    case 'write':
      return disk.write(fd, dataOf(text).subarray(0, answer))
    case 'pwrite64':
      return disk.write(fd, dataOf(text).subarray(0, answer), numbersAfterData(text)[1])
    case 'ftruncate':
      return disk.truncate(fd, Number(text.split(',').at(-1)))
    case 'fsync':
    case 'fdatasync':
      return synced(bytesOf(/<([^>]*)>/.exec(text)?.[1] ?? '').toString()) ? disk.sync(fd) : undefined
    case 'rename':
    case 'renameat':
    case 'renameat2':
      return disk.move(...(strings(text) as [string, string]))
    case 'link':
    case 'linkat':
      return disk.link(...(strings(text) as [string, string]))
    case 'unlink':
    case 'unlinkat':
    case 'rmdir':
      return disk.remove(strings(text)[0]!)
    case 'mkdir':
    case 'mkdirat':
      return disk.makeFolder(strings(text)[0]!)
    default:
      if (disk.knows(fd)) throw new Error(`The disk does not know ${name}`)
  }
}
