/** `load` once for each key, also for those who ask while it is under way: many rows share an organisation. */
export function loadOnce<T>(load: (key: string) => Promise<T>): (key: string) => Promise<T> {
  const loaded = new Map<string, Promise<T>>()
  return (key) => {
    const before = loaded.get(key)
    if (before) return before
    const promise = load(key)
    loaded.set(key, promise)
    return promise
  }
}
