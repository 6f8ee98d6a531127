import { panel } from '../sessions'

export const GET = panel.fetch
export const POST = panel.fetch
