<CsoundSynthesizer>
<CsOptions>
-odac
</CsOptions>
<CsInstruments>
sr = 44100
ksmps = 32
nchnls = 2
0dbfs = 1

giOrigami gatebendload "origami.json"

; A network that listens, with a control.
instr 1
  aVoice vco2 0.4, 110
  iPlayer gatebendplayer giOrigami
  gatebendcontrol iPlayer, "drive", linseg(0, p3, 1)
  aOut gatebendout iPlayer, aVoice
  outs aOut*0.1, aOut*0.1
endin
</CsInstruments>
<CsScore>
i 1 0 8
</CsScore>
</CsoundSynthesizer>
