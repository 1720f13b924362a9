<CsoundSynthesizer>
<CsOptions>
-odac
</CsOptions>
<CsInstruments>
sr = 44100
ksmps = 32
nchnls = 2
0dbfs = 1

giTune gatebendload "forty-two.json"

instr 1 ; p4: speed
  aLeft, aRight gatebend giTune, p4
  kLevel linen 0.1, 0.01, p3, 0.05
  outs aLeft*kLevel, aRight*kLevel
endin
</CsInstruments>
<CsScore>
i 1 0 2 1
i . + 2 0.5
i . + 2 -1
i . + 2 1.5
</CsScore>
</CsoundSynthesizer>
