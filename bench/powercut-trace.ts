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

type Play = (disk: Disk, text: string, answer: number) => void
const fdOf = (text: string): number => Number.parseInt(text, 10)
const move: Play = (disk, text) => disk.move(...(strings(text) as [string, string]))
const link: Play = (disk, text) => disk.link(...(strings(text) as [string, string]))
const remove: Play = (disk, text) => disk.remove(strings(text)[0]!)
const makeFolder: Play = (disk, text) => disk.makeFolder(strings(text)[0]!)

const plays: Record<string, Play> = {
  openat: (disk, text, answer) => disk.open(answer, strings(text)[0]!, text),
  close: (disk, text) => disk.close(fdOf(text)),
  write: (disk, text, answer) => disk.write(fdOf(text), dataOf(text).subarray(0, answer)),
  pwrite64: (disk, text, answer) => disk.write(fdOf(text), dataOf(text).subarray(0, answer), numbersAfterData(text)[1]),
  ftruncate: (disk, text) => disk.truncate(fdOf(text), Number(text.split(',').at(-1))),
  fsync: (disk, text) => disk.sync(fdOf(text)),
  fdatasync: (disk, text) => disk.sync(fdOf(text)),
  rename: move,
  renameat: move,
  renameat2: move,
  link,
  linkat: link,
  unlink: remove,
  unlinkat: remove,
  rmdir: remove,
  mkdir: makeFolder,
  mkdirat: makeFolder,
}

/** The file that a call puts on the disk; undefined for other calls. */
const syncedBy = ({ name, arguments: text }: Call): string | undefined =>
  name === 'fsync' || name === 'fdatasync' ? bytesOf(/<([^>]*)>/.exec(text)?.[1] ?? '').toString() : undefined

/** Does to the disk what a call did, if `reaches` says so of what it syncs. Throws for a call that the disk lacks. */
export function play(disk: Disk, call: Call, reaches: (path: string) => boolean): void {
  const path = syncedBy(call)
  if (path !== undefined && !reaches(path)) return
  const known = plays[call.name]
  if (known) known(disk, call.arguments, call.answer)
  else if (disk.knows(fdOf(call.arguments))) throw new Error(`The disk does not know ${call.name}`)
}
