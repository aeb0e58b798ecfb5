import type { Engine, Fitted } from './engine.ts'
import { independent } from './independent.ts'
export const privsyn = (e: Engine): Promise<Fitted> => independent(e)
