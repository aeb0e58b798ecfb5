import { useSyncExternalStore } from 'react'

/** Whether the command palette has been asked for; its library is loaded then. */
let asked = 0
const listeners = new Set<() => void>()
export const openPalette = (): void => {
  asked++
  for (const listener of listeners) listener()
}
const subscribe = (listener: () => void) => {
  listeners.add(listener)
  return () => {
    listeners.delete(listener)
  }
}
/** How often it was asked for. */
export const usePaletteAsked = (): number => useSyncExternalStore(subscribe, () => asked)

addEventListener('keydown', (event) => {
  if ((event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && event.key.toLowerCase() === 'k') {
    event.preventDefault()
    openPalette()
  }
})
