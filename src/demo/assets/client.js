// Keeps the live part of a page up to date. Without it, the visitor reloads the page.

for (const region of document.querySelectorAll('[data-live]')) {
  const source = new EventSource(region.dataset.live)
  source.addEventListener('change', () => void refresh(region))
  source.addEventListener('end', () => {
    source.close()
    void refresh(region)
  })
  // Otherwise the browser reconnects while the next page loads.
  addEventListener('pagehide', () => source.close())
}

/** Replaces the region by that of a page as it is now. */
async function refresh(region) {
  const response = await fetch(location.href, { headers: { 'X-Refresh': '1' } })
  if (!response.ok) return
  const page = new DOMParser().parseFromString(await response.text(), 'text/html')
  const fresh = page.getElementById(region.id)
  const focused = region.contains(document.activeElement) ? document.activeElement.id : ''
  region.replaceChildren(...fresh.childNodes)
  if (focused) document.getElementById(focused)?.focus()
}
