export { SynthesesPage } from './SynthesesPage.tsx'
export { NewSynthesisPage } from './NewSynthesisPage.tsx'
export { SynthesisPage } from './SynthesisPage.tsx'
export { ComparePage } from './ComparePage.tsx'
