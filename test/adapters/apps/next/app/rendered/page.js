import { cookies } from 'next/headers'

async function Part() {
  return globalThis.silverbackTest.render(cookies)
}

export default function Page() {
  return (
    <main>
      [<Part />]<Part />
    </main>
  )
}
