import { useSyncExternalStore } from 'react'

/** Whether the command palette has been asked for; its library is loaded then. */
let asked = 0
const listeners = new Set<() => void>()
export const openPalette = (): void => {
  asked++
  for (const l of listeners) l()
}
const subscribe = (l: () => void) => {
  listeners.add(l)
  return () => {
    listeners.delete(l)
  }
}
/** How often it was asked for. */
export const usePaletteAsked = (): number => useSyncExternalStore(subscribe, () => asked)

addEventListener('keydown', (e) => {
  if ((e.ctrlKey || e.metaKey) && !e.altKey && !e.shiftKey && e.key.toLowerCase() === 'k') {
    e.preventDefault()
    openPalette()
  }
})
