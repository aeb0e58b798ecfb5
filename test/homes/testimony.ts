/**
 * What people of a home can see, fact by fact: every route of the contract that reads is asked by each of them, with
 * the ids that earlier answers named. A later version has to say the same of the same home.
 */
import { areas } from '../../contracts/index.ts'
import { type Area, fillPath, type Route } from '../../contracts/route.ts'

/** A value of an answer by `PERSON METHOD PATH#POINTER`; members of lists are numbered. */
export type Testimony = Record<string, string | number | boolean | null>
export interface Witness {
  name: string
  token: string
}

/** Routes that follow what happens answer without end; files are read with the rest of the test. */
const reads = (route: Route): boolean => route.method === 'GET' && route.stream === undefined
const names = (path: string): string[] => [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!)
const routes: readonly Route[] = Object.values(areas as Record<string, Area>)
  .flatMap((area) => Object.values(area.routes))
  .filter(reads)

type Known = Map<string, Set<string>>

/** Remembers every member that is called as a parameter of a path is. */
function remember(known: Known, value: unknown): void {
  if (typeof value !== 'object' || value === null) return
  for (const [name, member] of Object.entries(value)) {
    const isId = typeof member === 'string' || typeof member === 'number'
    if (isId && known.has(name)) known.get(name)!.add(String(member))
    remember(known, member)
  }
}

/** Every way to fill a path with what is known. */
function filled(path: string, known: Known): string[] {
  return names(path)
    .reduce<Record<string, string>[]>(
      (chosen, name) => chosen.flatMap((one) => [...known.get(name)!].map((value) => ({ ...one, [name]: value }))),
      [{}],
    )
    .map((params) => fillPath(path, params))
}

/** Values by their place in an answer. */
function facts(value: unknown, at: string): Testimony {
  if (typeof value !== 'object' || value === null) return { [at]: value as string | number | boolean | null }
  const members = Object.entries(value).filter(([, member]) => member !== undefined)
  return Object.assign(
    { [`${at}/`]: Array.isArray(value) ? value.length : '{}' },
    ...members.map(([name, member]) => facts(member, `${at}/${name}`)),
  ) as Testimony
}

/** Asks until no answer names anything new. `origin` is the host's main origin. */
export async function testimonyOf(origin: string, witness: Witness): Promise<Testimony> {
  const known: Known = new Map(routes.flatMap((route) => names(route.path)).map((name) => [name, new Set<string>()]))
  const asked = new Set<string>()
  const found: Testimony = {}
  for (;;) {
    const next = [...new Set(routes.flatMap((route) => filled(route.path, known)))].filter((path) => !asked.has(path))
    if (next.length === 0) return found
    for (const path of next) {
      asked.add(path)
      const response = await fetch(`${origin}${path}`, { headers: { authorization: `Bearer ${witness.token}` } })
      const text = await response.text()
      const answer: unknown = response.headers.get('content-type')?.includes('json') ? JSON.parse(text) : text
      // Why something is refused may be worded anew.
      const said = response.ok ? { status: response.status, answer } : { status: response.status }
      Object.assign(found, facts(said, `${witness.name} GET ${path}#`))
      if (response.ok) remember(known, answer)
    }
  }
}
