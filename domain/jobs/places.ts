/**
 * Places for what a person may have at once, as a pure change of one item. It names what holds a place, so that the
 * same request again takes no second one, and whoever finds it full can look at what it names.
 */

/** Ids of jobs, with the time at which each took its place (ISO 8601). */
export type Places = Readonly<Record<string, string>>

/** Questions of one person that are not over. */
export const mostQuestions = 20
/** So long a job may be named before it is there: then its request was killed. */
export const madeWithinSeconds = 600

/** What is named of a job: its state, or that there is none (yet). */
export type Named = 'live' | 'over' | 'missing'

/** The places with those of `ids` that had none. Undefined when there are not enough. */
export function withPlacesFor(places: Places, ids: readonly string[], most: number, at: string): Places | undefined {
  const all = { ...Object.fromEntries(ids.map((id) => [id, at])), ...places }
  const more = Object.keys(all).length - Object.keys(places).length
  return more > 0 && Object.keys(all).length > most ? undefined : all
}

/** The places without those of jobs that are over, or never came to be. */
export function withoutThoseOver(places: Places, named: (id: string) => Named, now: Date): Places {
  const cameTooLate = (at: string): boolean => Date.parse(at) + madeWithinSeconds * 1000 <= now.getTime()
  const holds = ([id, at]: [string, string]): boolean =>
    named(id) === 'live' || (named(id) === 'missing' && !cameTooLate(at))
  return Object.fromEntries(Object.entries(places).filter(holds))
}
