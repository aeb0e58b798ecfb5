/** What EventBridge does in AWS: calls a function at the start and then at intervals, never twice at once. */

export interface Schedule {
  close: () => Promise<void>
}
/** A visit that is under way when the host stops may finish, this long. */
const patience = 500

/**
 * Calls `work` now (with `atStart`) and every `milliseconds`; a visit that is still under way is not overtaken. What
 * fails is said by `failed`, and tried again at the next visit.
 */
export function every(
  milliseconds: number,
  work: () => Promise<unknown>,
  failed: (e: unknown) => void,
  atStart = false,
): Schedule {
  let visiting: Promise<void> | undefined
  const visit = (): void => {
    visiting ??= work()
      .then(() => {}, failed)
      .finally(() => {
        visiting = undefined
      })
  }
  const timer = setInterval(visit, milliseconds)
  if (atStart) visit()
  return {
    close: async () => {
      clearInterval(timer)
      if (visiting)
        await Promise.race([
          visiting,
          new Promise((resolve) => {
            setTimeout(resolve, patience).unref()
          }),
        ])
    },
  }
}
