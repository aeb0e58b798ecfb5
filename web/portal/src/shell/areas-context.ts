/** The areas that are there, handed down from the top: whoever shows them imports none. */
import { createContext, useContext } from 'react'
import type { Area } from './area.ts'

export const AreasContext = createContext<readonly Area[]>([])
/** Every area in the order of the rail. It is the same list as long as the page is open. */
export const useAreas = (): readonly Area[] => useContext(AreasContext)
