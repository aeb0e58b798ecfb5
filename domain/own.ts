/** Names that people give as names of members: what every object has besides is none of them. */

/** The member of this name, if the object has one of its own: none is called `constructor` by itself. */
export const own = <T>(of: Readonly<Record<string, T>>, name: string): T | undefined =>
  Object.hasOwn(of, name) ? of[name] : undefined

/** Gives an object a member of its own of whatever name, `__proto__` too. */
export function setOwn<T>(of: Record<string, T>, name: string, value: T): void {
  Object.defineProperty(of, name, { value, enumerable: true, configurable: true, writable: true })
}
