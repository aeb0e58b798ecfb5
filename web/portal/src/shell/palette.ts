import { createSpotlight } from '@mantine/spotlight'

/** The command palette's store and what opens it. */
export const [paletteStore, paletteOpener] = createSpotlight()
