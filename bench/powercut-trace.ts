/** System calls from a trace of strace (-f -y -xx), in the order in which they were done. */
import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import type { Disk } from './powercut-disk.ts'

/** The system calls that change files or put them on the disk. */
export const traced =
  'openat,close,write,pwrite64,pwritev,pwritev2,writev,fsync,fdatasync,ftruncate,fallocate,rename,renameat,renameat2,' +
  'unlink,unlinkat,rmdir,mkdir,mkdirat,link,linkat,dup,dup2,dup3,copy_file_range,sendfile,clone,clone3,fork,vfork'

/** One call: its name, its arguments as they stand, and what it answered. */
export interface Call {
  name: string
  arguments: string
  answer: number
  /** The process, in which a number of an open file means something. */
  process: number
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

const begins = /^(\d+)\s+(?:<\.\.\. )?(?:clone3?|v?fork)\b(.*?)(?:= (\d+)|<unfinished \.\.\.>)$/

/** The process of each thread: of those that share its open files, the first. */
async function processesIn(file: string): Promise<(thread: string) => number> {
  const makers = new Map<string, string>()
  const sharing = new Set<string>()
  const said = new Map<string, string>()
  for await (const line of createInterface({ input: createReadStream(file) })) {
    const [, maker, text, made] = begins.exec(line) ?? []
    if (maker === undefined) continue
    // An interrupted call has said its flags before.
    const flags = `${said.get(maker) ?? ''}${text!}`
    said.set(maker, made === undefined ? flags : '')
    if (made === undefined) continue
    makers.set(made, maker)
    if (flags.includes('CLONE_FILES')) sharing.add(made)
  }
  const processOf = (thread: string): number => (sharing.has(thread) ? processOf(makers.get(thread)!) : Number(thread))
  return processOf
}

/** The calls of a trace. One that another thread interrupted is told where it ended. */
export async function* callsOf(file: string): AsyncGenerator<Call> {
  const begun = new Map<string, string>()
  const processOf = await processesIn(file)
  for await (const line of createInterface({ input: createReadStream(file) })) {
    const [, thread, text] = /^(\d+)\s+(.*)$/.exec(line) ?? []
    if (thread === undefined || text === undefined) continue
    if (text.endsWith('<unfinished ...>')) {
      const said = text.slice(0, -'<unfinished ...>'.length)
      // Its number is free from here: another thread may have it before this call is told to be done.
      const closed = /^close\((.*)$/.exec(said)?.[1]
      if (closed === undefined) begun.set(thread, said)
      else yield { name: 'close', arguments: closed, answer: 0, process: processOf(thread) }
      continue
    }
    if (text.startsWith('<... close resumed>')) continue
    const rest = /^<\.\.\. \w+ resumed>(.*)$/.exec(text)?.[1]
    const whole = rest === undefined ? text : `${begun.get(thread) ?? ''}${rest}`
    const call = /^(\w+)\((.*)\)\s+= (-?\d+)/.exec(whole)
    if (call && Number(call[3]) >= 0)
      yield { name: call[1]!, arguments: call[2]!, answer: Number(call[3]), process: processOf(thread) }
  }
}

/** The text that a call wrote to the process's output; undefined for other calls. */
export const told = (call: Call): string | undefined =>
  call.name === 'write' && /^1[<,]/.test(call.arguments) ? dataOf(call.arguments).toString() : undefined

type Play = (disk: Disk, text: string, answer: number, process: number) => void
const fdOf = (text: string, process: number): string => `${process}:${Number.parseInt(text, 10)}`
const move: Play = (disk, text) => disk.move(...(strings(text) as [string, string]))
const link: Play = (disk, text) => disk.link(...(strings(text) as [string, string]))
const remove: Play = (disk, text) => disk.remove(strings(text)[0]!)
const makeFolder: Play = (disk, text) => disk.makeFolder(strings(text)[0]!)

const plays: Record<string, Play> = {
  openat: (disk, text, answer, process) => disk.open(fdOf(String(answer), process), strings(text)[0]!, text),
  close: (disk, text, _, process) => disk.close(fdOf(text, process)),
  write: (disk, text, answer, process) => disk.write(fdOf(text, process), dataOf(text).subarray(0, answer)),
  pwrite64: (disk, text, answer, process) =>
    disk.write(fdOf(text, process), dataOf(text).subarray(0, answer), numbersAfterData(text)[1]),
  ftruncate: (disk, text, _, process) => disk.truncate(fdOf(text, process), Number(text.split(',').at(-1))),
  fsync: (disk, text, _, process) => disk.sync(fdOf(text, process)),
  fdatasync: (disk, text, _, process) => disk.sync(fdOf(text, process)),
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
  if (known) known(disk, call.arguments, call.answer, call.process)
  else if (disk.knows(fdOf(call.arguments, call.process))) throw new Error(`The disk does not know ${call.name}`)
}
