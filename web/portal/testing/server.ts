/** What answers the portal in a component test: routes that the test names, and a record of what was asked. */
import { allRoutes } from '../../../contracts/index.ts'
import { type Kind, problems } from '../../../contracts/problems.ts'

export interface Asked {
  /** Area and name of the route, such as `jobs.ask`. */
  route: string
  path: string
  headers: Headers
  body: unknown
}
type Answer = unknown | ((asked: Asked) => unknown)

/** A refusal, to be answered in place of what was asked for. */
export class Refused extends Error {
  readonly kind: Kind
  readonly errors: { path: string; message: string }[]
  constructor(kind: Kind, detail: string, errors: { path: string; message: string }[] = []) {
    super(detail)
    this.kind = kind
    this.errors = errors
  }
}

const patternOf = (path: string): RegExp => new RegExp(`^${path.replaceAll(/\{\w+\}/g, '[^/]+')}$`)
const routes = allRoutes.map(({ area, name, route }) => ({
  name: `${area}.${name}`,
  method: route.method,
  pattern: patternOf(route.path),
}))

function respond(answer: unknown): Response {
  if (answer instanceof Refused) {
    const { kind, message, errors } = answer
    const { status, title } = problems[kind]
    const type = `/docs/problems#${kind}`
    return Response.json({ type, title, status, kind, detail: message, errors }, { status })
  }
  return answer === undefined ? new Response(null, { status: 204 }) : Response.json(answer)
}

/**
 * Takes the place of the network. An answer may be a function of what was asked; a promise is waited for. A route
 * without an answer fails the request as an unreachable server would.
 */
export class StandInServer {
  readonly asked: Asked[] = []
  readonly #answers: Map<string, Answer>
  constructor(answers: Record<string, Answer>) {
    this.#answers = new Map(Object.entries(answers))
  }

  /** The bodies of what was sent to a route, in order. */
  sent(route: string): unknown[] {
    return this.asked.filter((each) => each.route === route).map((each) => each.body)
  }

  readonly fetch = async (input: RequestInfo | URL, init: RequestInit = {}): Promise<Response> => {
    const { pathname } = new URL(String(input), 'http://portal.test')
    const route = routes.find(({ method, pattern }) => method === (init.method ?? 'GET') && pattern.test(pathname))
    if (!route || !this.#answers.has(route.name)) throw new Error(`Nothing answers ${init.method} ${pathname}`)
    const asked: Asked = {
      route: route.name,
      path: pathname,
      headers: new Headers(init.headers),
      body: typeof init.body === 'string' ? JSON.parse(init.body) : undefined,
    }
    this.asked.push(asked)
    const answer = this.#answers.get(route.name)
    return respond(await (typeof answer === 'function' ? answer(asked) : answer))
  }
}
