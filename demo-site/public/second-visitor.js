// Copies an address of this site, so that a private window can be opened with it.
const SHOWN_MS = 2500;

for (const button of document.querySelectorAll('button[data-copy]')) {
  const label = button.textContent;
  button.hidden = !navigator.clipboard;
  button.addEventListener('click', async () => {
    const address = new URL(button.dataset.copy, location.href).href;
    try {
      await navigator.clipboard.writeText(address);
      button.textContent = 'Copied';
    } catch {
      // Permission refused: showing the address is as good.
      button.textContent = address;
    }
    setTimeout(() => (button.textContent = label), SHOWN_MS);
  });
}
