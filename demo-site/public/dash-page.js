// Plays the manifest that the video element names, with dash.js as its makers publish it.
const video = document.querySelector('video[data-manifest]');
const problem = document.querySelector('.problem');

function explain(text) {
  problem.textContent = text;
  problem.hidden = false;
}

if (window.dashjs?.supportsMediaSource()) {
  const player = window.dashjs.MediaPlayer().create();
  player.updateSettings({
    streaming: {
      // Segments are fetched once somebody wants to see them, as with preload="none" on the film's page.
      scheduling: { scheduleWhilePaused: false },
      // That interface takes one codec at a time; our segments have pictures and sound.
      capabilities: { useMediaCapabilitiesApi: false },
    },
  });
  player.on(window.dashjs.MediaPlayer.events.ERROR, ({ error }) =>
    explain(`The stream stopped (${error.message}). Load the page again to go on.`),
  );
  player.initialize(video, video.dataset.manifest, false);
  // For whoever opens the console.
  window.player = player;
} else {
  explain('This browser has no Media Source Extensions.');
}
