// This machine has two names. To a browser each is a site of its own, with storage, worker and links of its own, so
// whoever opens the other one is a second visitor.
const OTHER_NAME = { localhost: '127.0.0.1', '127.0.0.1': 'localhost' };

for (const link of document.querySelectorAll('a[data-second-visitor]')) {
  const name = OTHER_NAME[location.hostname];
  if (!name) continue;
  const there = new URL(link.href);
  there.hostname = name;
  link.href = there.href;
  link.hidden = false;
  link.addEventListener('click', (event) => {
    // Beside this window: one that nobody sees stops sharing.
    const { availWidth, availHeight } = screen;
    const place = `width=${availWidth / 2},height=${availHeight},left=${availWidth / 2},top=0`;
    if (window.open(link.href, 'peerfold-second-visitor', `popup,${place}`)) event.preventDefault();
  });
}
