/** The host's ears: a request goes to the door of the name that it asked for, the way it should have been asked. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { askedOf, type Asked } from './asked.ts'
import { createDoors, type Door, type DoorParts } from './doors.ts'
import { reading, send, target, text } from './http.ts'
import { listen, type Listening } from './listen.ts'
import { isHttps, type Reach } from './reach.ts'

/** Somebody asked a name of https without it. */
function insecure(request: IncomingMessage, response: ServerResponse, { origin }: Door, asked: Asked): Promise<void> {
  if (asked.unsaid)
    return send(
      request,
      response,
      text(502, 'The reverse proxy in front of Cloister does not say (X-Forwarded-Proto) how it was asked.'),
    )
  if (target(request.url ?? '').path === '' || !reading(request))
    return send(request, response, text(421, `Ask ${origin}/ instead.`))
  return send(request, response, { status: 308, headers: { location: `${origin}${request.url}` } })
}

/**
 * Starts listening; rejects with the system's error (EADDRINUSE) when an address is taken, and with `Trouble` for a
 * certificate that cannot be used.
 */
export async function startGateway(reach: Reach, parts: DoorParts): Promise<Listening> {
  const doors = createDoors(reach, parts)
  const serve = (request: IncomingMessage, response: ServerResponse): void => {
    const asked = askedOf(request, reach.proxies)
    // Any other name may be a page elsewhere that points its own name at this machine (DNS rebinding).
    const door = doors.at(asked.host)
    const answer = async (): Promise<void> => {
      if (!door) return doors.misnamed(request, response)
      if (isHttps(door.origin) && !asked.secure) return insecure(request, response, door, asked)
      return door.answer(request, response)
    }
    answer().catch((error: unknown) => {
      const { code } = error as { code?: string }
      parts.log('error', { at: 'gateway', error: error instanceof Error ? error.name : typeof error, code })
      const said =
        code === 'ENOSPC'
          ? text(507, 'The disk of the server is full.')
          : text(500, 'Something went wrong on our side.')
      void send(request, response, said, door?.headers).catch(() => response.destroy())
    })
  }
  return listen(reach, serve)
}
