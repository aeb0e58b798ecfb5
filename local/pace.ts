/**
 * Connections that do not get on: a body that comes too slowly, an answer that nobody reads, too many from one address.
 * What counts is progress, never how long the whole takes: a gigabyte may take its hours, and a modem is fast enough.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Server as TlsServer } from 'node:https'
import type { Socket } from 'node:net'
import { networkOf } from '../functions/kernel/address.ts'
import { plainAddress } from './asked.ts'

export interface Pace {
  /** Every so often connections are looked at. */
  lookMilliseconds: number
  /** Bytes of a body that must have come between two looks, unless it is whole, or we are the slow ones. */
  leastBody: number
  /**
   * After so many looks without a byte taken of an answer that lies ready, it is given up. The system holds up to some
   * megabytes for a reader, and takes more from us only when a third of that has gone.
   */
  idleLooks: number
  /** Connections that one address, or one network of IPv6, may have open. */
  perAddress: number
  /** Whether that holds for an address. */
  isBounded: (address: string) => boolean
}
/** A modem brings seven times as much. */
const usualPace: Pace = {
  lookMilliseconds: 20_000,
  leastBody: 20_000,
  idleLooks: 15,
  perAddress: 512,
  isBounded: () => true,
}

interface Watched {
  request: IncomingMessage
  /** Whether it was there at the look before: less than the whole time between two looks says nothing. */
  seen: boolean
  /** Bytes that had come, and that the system had taken from us, at the look before. */
  read: number
  taken: number
  /** Looks in a row at which nothing more had been taken. */
  idle: number
}

/** Bytes of an answer that the system has taken from us. */
const takenOf = (socket: Socket): number => socket.bytesWritten - socket.writableLength

/** Whether the body has come far enough since the look before. A body that we do not read, or read slowly, has. */
function bodyGetsOn(one: Watched, least: number): boolean {
  const { request } = one
  const before = one.read
  one.read = request.socket.bytesRead
  const ours = request.complete || request.readableLength > 0 || request.isPaused()
  const first = !one.seen
  one.seen = true
  return ours || first || one.read - before >= least
}

function answerGetsOn(one: Watched, looks: number): boolean {
  const before = one.taken
  const { socket } = one.request
  one.taken = takenOf(socket)
  const waits = socket.writableLength > 0
  one.idle = waits && one.taken === before ? one.idle + 1 : 0
  return one.idle < looks
}

/** Watches over a server's connections until it closes; `own` is what is not as usual. */
export function keepPace(server: Server | TlsServer, own: Partial<Pace> = {}): void {
  const pace = { ...usualPace, ...own }
  const watched = new Set<Watched>()
  const open = new Map<string, number>()
  server.on('connection', (socket: Socket) => {
    const from = plainAddress(socket.remoteAddress ?? '')
    // Of IPv6 one customer has more addresses than could be counted.
    const address = networkOf(from)
    const now = (open.get(address) ?? 0) + 1
    open.set(address, now)
    socket.once('close', () => {
      const left = open.get(address)! - 1
      if (left > 0) open.set(address, left)
      else open.delete(address)
    })
    if (now > pace.perAddress && pace.isBounded(from)) socket.destroy()
  })
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const { socket } = request
    const one: Watched = { request, seen: false, read: socket.bytesRead, taken: takenOf(socket), idle: 0 }
    watched.add(one)
    response.once('close', () => watched.delete(one))
  })
  const timer = setInterval(() => {
    for (const one of watched)
      if (!bodyGetsOn(one, pace.leastBody) || !answerGetsOn(one, pace.idleLooks)) one.request.socket.destroy()
  }, pace.lookMilliseconds)
  timer.unref()
  server.once('close', () => clearInterval(timer))
}
