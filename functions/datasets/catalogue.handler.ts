import { awsDeps } from '../wiring.ts'
import { createCatalogue } from './catalogue.ts'

export const handler = createCatalogue(awsDeps())
