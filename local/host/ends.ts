/** What was begun is ended in the reverse order, each step after the one before it has come to its end. */
export interface Ends {
  add: (step: () => unknown) => void
  /** Takes every step that is left, the last one first; a second call finds none. */
  all: () => Promise<void>
}

/** No steps yet. */
export function createEnds(): Ends {
  const steps: (() => unknown)[] = []
  return {
    add: (step) => {
      steps.push(step)
    },
    all: async () => {
      for (const step of steps.splice(0).reverse()) await step()
    },
  }
}
