/**
 * What one process keeps between requests. Nothing may depend on it but speed: another process, or the same one after a
 * crash, has an empty one. It is passed in, so that many processes can be played in one.
 */
export type Memory = Map<object, unknown>

/** A thing that every process has one of, made when it is first asked for. */
export function inMemory<T>(make: () => T): (deps: { memory: Memory }) => T {
  return ({ memory }) => {
    if (!memory.has(make)) memory.set(make, make())
    return memory.get(make) as T
  }
}
