import { unstable_cache } from 'next/cache'
import { cookies } from 'next/headers'

export const dynamic = 'force-dynamic'

const cached = unstable_cache(() => globalThis.silverbackTest.render(cookies))

export async function GET() {
  return new Response(await cached())
}
